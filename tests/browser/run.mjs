// Runs every scenario in a real browser against the demo: `node run.mjs [--only TEXT] [--pictures DIR]`.
//
// The binary is $STRONGROOM, else the newest of release and debug in the target folder. All scenarios share one demo and
// run in the order of their names; one that needs people or documents to itself makes them. With $STRONGROOM_DEMO the demo is
// told where its rows and objects lie (bin/prepare, demo_ground); a scenario that says embeddedOnly is left out then.
// Results go to stdout, in the manner of TAP, with `N passed, N failed` as the last line; the exit code is 1
// when something failed.

import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { grounds, startDemo } from './harness/demo.mjs';
import { startChromium } from './harness/chromium.mjs';
import { openRoom } from './harness/room.mjs';
import { collector } from './harness/checks.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? resolve(HERE, '../../target');
/** How long one scenario may take, in milliseconds. */
const SCENARIO_MS = 300_000;

async function binary() {
  if (process.env.STRONGROOM) return process.env.STRONGROOM;
  const built = [];
  for (const profile of ['release', 'debug']) {
    const path = join(TARGET, profile, 'strongroom');
    const facts = await stat(path).catch(() => undefined);
    if (facts) built.push({ path, at: facts.mtimeMs });
  }
  built.sort((left, right) => right.at - left.at);
  if (built.length === 0) throw new Error('no binary: run `cargo build --package strongroom` first, or set STRONGROOM');
  return built[0].path;
}

function inTime(run, ms) {
  let late;
  const timeout = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`still running after ${ms / 1000} s`)), ms);
  });
  return Promise.race([run, timeout]).finally(() => clearTimeout(late));
}

async function runScenario(file, shared) {
  const name = file.replace(/\.mjs$/, '');
  const { title, embeddedOnly, default: scenario } = await import(pathToFileURL(join(HERE, 'scenarios', file)).href);
  if (embeddedOnly && grounds().includes('--database')) {
    shared.checks.note(`${name}: left out on a server: ${embeddedOnly}`);
    return;
  }
  shared.checks.note(`${name}: ${title}`);
  const room = openRoom(shared);
  const before = shared.checks.sum().failed;
  await shared.checks.check(`${name} runs to its end`, () => inTime(scenario(room), SCENARIO_MS));
  if (shared.checks.sum().failed > before) await room.lastSeen(shared.out, name);
  await room.close();
}

async function scenarioFiles(only) {
  const files = (await readdir(join(HERE, 'scenarios'))).filter((file) => file.endsWith('.mjs')).sort();
  const chosen = files.filter((file) => !only || file.includes(only));
  if (chosen.length === 0) throw new Error(only ? `no scenario is called ${only}` : 'there is no scenario');
  return chosen;
}

/** Starts demo and browser, runs the scenarios, and ends both however that went. */
async function runAll(checks, { only, pictures }) {
  const out = join(TARGET, 'browser');
  await mkdir(out, { recursive: true });
  const numbers = [];
  const people = new Map();
  const looked = new Set();
  const files = await scenarioFiles(only);
  let demo;
  let browser;
  try {
    let strongroom;
    const started = await checks.check('the demo starts and says who is there', async () => {
      strongroom = await binary();
      demo = await startDemo(strongroom);
      await demo.opened();
    });
    const opened = started && (await checks.check('the browser starts', async () => {
      browser = await startChromium();
    }));
    const shared = { browser, demo, binary: strongroom, checks, pictures, numbers, people, looked, out };
    for (const file of opened ? files : []) await runScenario(file, shared);
  } finally {
    await browser?.close();
    if (demo) await endDemo(checks, demo);
  }
  await writeFile(join(out, 'numbers.json'), `${JSON.stringify(numbers, null, 2)}\n`);
}

async function endDemo(checks, demo) {
  await checks.check('the demo is still alive after all that', async () => {
    if (!demo.alive()) throw new Error(demo.said.slice(-20).join('\n'));
  });
  await checks.check('the demo drains on SIGTERM', async () => {
    const how = await demo.stop();
    if (how !== 0) throw new Error(`ended with ${how}:\n${demo.said.slice(-20).join('\n')}`);
  });
}

const { values } = parseArgs({ options: { only: { type: 'string' }, pictures: { type: 'string' } } });
const checks = collector();
await checks.check('the run comes to its end', () =>
  runAll(checks, { only: values.only, pictures: values.pictures && resolve(values.pictures) }),
);
const { passed, failed } = checks.sum();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
