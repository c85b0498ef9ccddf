// Starts `strongroom demo --json` on a free port with a folder of its own, and stops it again.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How long the made-up operator may take to appear, in milliseconds; a debug build on two cores needs some. */
const READY_MS = 180_000;
/** How long the outside probe may take before the gate opens, in milliseconds. */
const OPEN_MS = 60_000;
/** How long it may take to drain after SIGTERM, in milliseconds. */
const DRAIN_MS = 15_000;

/** A port that was free a moment ago, on the loopback. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What the demo is told of a database on a server and of a bucket. */
export function grounds() {
  return (process.env.STRONGROOM_DEMO ?? '').split(' ').filter(Boolean);
}

/** The demo refuses a folder that it did not make, so it gets the name of one that does not exist yet. */
export async function startDemo(binary, { seed = 1 } = {}) {
  const parent = await mkdtemp(join(tmpdir(), 'strongroom-browser-'));
  const port = await freePort();
  const given = ['demo', '--json', '--stand-ins', '0', '--dir', join(parent, 'demo'), '--listen', `127.0.0.1:${port}`, '--seed', String(seed)];
  // A database and a bucket, where bin/test has made them for this one.
  given.push(...grounds());
  const child = spawn(binary, given, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    said.push(line);
    if (said.length > 200) said.shift();
  });
  const gone = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
    child.once('error', (error) => resolve(error.message));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), DRAIN_MS);
    const ended = await gone;
    clearTimeout(late);
    await rm(parent, { recursive: true, force: true });
    return ended;
  };
  try {
    const facts = await firstLine(child, gone, said);
    return { ...facts, said, stop, opened: () => ready(facts.url, gone, said), alive: () => child.exitCode === null && child.signalCode === null };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until the gate is open: the outside probe has passed. */
export async function ready(url, ended, said) {
  const until = Date.now() + OPEN_MS;
  let gone;
  ended.then((how) => { gone = how; });
  while (Date.now() < until) {
    if (gone !== undefined) throw new Error(`serving ended (${gone}):\n${said.slice(-20).join('\n')}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((again) => { setTimeout(again, 100); });
  }
  throw new Error(`not ready after ${OPEN_MS / 1000} s:\n${said.slice(-20).join('\n')}`);
}

/** The first line on stdout: {"url", "people": […], "programs": […], "data_dir"}. */
async function firstLine(child, gone, said) {
  const lines = createInterface({ input: child.stdout });
  const line = new Promise((resolve) => lines.once('line', resolve));
  let late;
  const timeout = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`the demo said nothing for ${READY_MS / 1000} s`)), READY_MS);
  });
  const ended = gone.then((how) => {
    throw new Error(`the demo ended (${how}) before its first line:\n${said.slice(-20).join('\n')}`);
  });
  try {
    const facts = JSON.parse(await Promise.race([line, ended, timeout]));
    for (const name of ['url', 'people', 'data_dir']) {
      if (!(name in facts)) throw new Error(`the demo's first line has no "${name}"`);
    }
    return facts;
  } finally {
    clearTimeout(late);
    ended.catch(() => {});
  }
}

/** One person of the demo, by e-mail address or by role and, if it matters, customer; a clear error when there is none. */
export function personOf(demo, who, customer) {
  const fits = (person) => person.email === who || (person.role === who && (customer === undefined || person.customer === customer));
  const found = demo.people.find(fits);
  if (!found) throw new Error(`the demo has no ${who}${customer ? ` at ${customer}` : ''}`);
  return found;
}
