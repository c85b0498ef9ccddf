// Starting and stopping a demo: what it says first, and what happens when it says nothing or the wrong thing.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { personOf, startDemo } from '../harness/demo.mjs';
import { collector } from '../harness/checks.mjs';

async function program(body) {
  const folder = await mkdtemp(join(tmpdir(), 'strongroom-program-'));
  const path = join(folder, 'program');
  await writeFile(path, `#!/usr/bin/env node\n${body}\n`);
  await chmod(path, 0o755);
  return { path, remove: () => rm(folder, { recursive: true }) };
}

test('the first line is read, and stopping ends the program and removes its folder', async () => {
  const { path, remove } = await program(`
    process.on('SIGTERM', () => process.exit(0));
    const dir = process.argv[process.argv.indexOf('--dir') + 1];
    console.log(JSON.stringify({ url: 'http://localhost:1', people: [{ role: 'clinician', customer: 'A' }], data_dir: dir }));
    setInterval(() => {}, 1000);`);
  const demo = await startDemo(path);
  assert.ok(demo.alive());
  assert.equal(personOf(demo, 'clinician').customer, 'A');
  assert.throws(() => personOf(demo, 'clinician', 'B'), /no clinician at B/);
  assert.equal(await demo.stop(), 0);
  await assert.rejects(stat(dirname(demo.data_dir)));
  await remove();
});

for (const [name, body, why] of [
  ['ends at once', 'console.error("no disk"); process.exit(4);', /ended \(4\)[^]*no disk/],
  ['says no JSON', 'console.log("hello"); setInterval(() => {}, 1000);', /JSON/],
  ['leaves people out', 'console.log("{\\"url\\": \\"x\\"}"); setInterval(() => {}, 1000);', /"people"/],
]) {
  test(`a program that ${name} is a clear error`, async () => {
    const { path, remove } = await program(body);
    await assert.rejects(startDemo(path), why);
    await remove();
  });
}

test('a program that is not there is a clear error', async () => {
  await assert.rejects(startDemo('./no-such-program'), /ENOENT/);
});

test('the collector counts both ways and goes on after a failure', async () => {
  const lines = [];
  const checks = collector((line) => lines.push(line));
  assert.equal(await checks.check('a', async () => {}), true);
  assert.equal(await checks.check('b', async () => { throw new Error('why'); }), false);
  assert.deepEqual(checks.sum(), { passed: 1, failed: 1 });
  assert.equal(lines[0], 'ok 1 - a');
  assert.equal(lines[1], 'not ok 2 - b');
  assert.match(lines[2], /why/);
});
