// The whole runner against a stand-in for the demo: a good one passes, and each planted fault is one failure more.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

async function run(fault, given = ['--only', '010']) {
  const folder = await mkdtemp(join(tmpdir(), 'strongroom-run-'));
  const env = { ...process.env, STRONGROOM: join(HERE, 'stand-in.mjs'), STAND_IN_FAULT: fault, CARGO_TARGET_DIR: folder };
  // Told apart from the run of these tests themselves, the runner's children are not taken for tests.
  delete env.NODE_TEST_CONTEXT;
  const child = spawn(process.execPath, [join(HERE, '../run.mjs'), ...given], { env });
  let said = '';
  child.stdout.on('data', (bytes) => (said += bytes));
  child.stderr.on('data', (bytes) => (said += bytes));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  await rm(folder, { recursive: true, force: true });
  return { code, said, last: said.trimEnd().split('\n').at(-1), failed: said.match(/^not ok .*$/gm) ?? [] };
}

test('a good demo passes and the last line says so', async () => {
  const { code, said, last, failed } = await run('');
  assert.deepEqual(failed, [], said);
  assert.match(last, /^\d+ passed, 0 failed$/);
  assert.equal(code, 0);
});

for (const [fault, what] of [
  ['axe', /inbox: axe finds nothing/],
  ['wide', /inbox: fits 390 pixels/],
  ['link', /the one-time link works once/],
  ['tag', /wears the tag/],
]) {
  test(`a planted fault is found: ${fault}`, async () => {
    const { code, said, last, failed } = await run(fault);
    assert.equal(failed.length, 1, said);
    assert.match(failed[0], what);
    assert.match(last, /^\d+ passed, 1 failed$/);
    assert.equal(code, 1);
  });
}
