// A house for work from nothing: `strongroom init`, then `strongroom serve`, in folders of its own.

import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePort, ready } from './demo.mjs';

const run = promisify(execFile);
const DRAIN_MS = 15_000;

/** { url, enrolment_url, spoken, said, stop }: what `init` printed, and a portal that answers. */
export async function startWork(binary, { operator, officer, name, telephone }) {
  const parent = await mkdtemp(join(tmpdir(), 'strongroom-work-'));
  const dir = join(parent, 'house');
  await mkdir(join(parent, 'keys'));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const key = join(parent, 'keys', 'root.key');
  let child;
  let ended = Promise.resolve();
  const stop = async () => {
    child?.kill('SIGTERM');
    const late = setTimeout(() => child?.kill('SIGKILL'), DRAIN_MS);
    const how = await ended;
    clearTimeout(late);
    await rm(parent, { recursive: true, force: true });
    return how;
  };
  try {
    const given = ['init', '--dir', dir, '--operator', operator, '--officer', officer, '--officer-name', name];
    const more = ['--telephone', telephone, '--root-key', key, '--public-url', url, '--json'];
    const facts = JSON.parse((await run(binary, [...given, ...more])).stdout);
    child = spawn(binary, ['serve', '--dir', dir, '--listen', `127.0.0.1:${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = [];
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line) > 200 && said.shift());
    ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? code));
      child.once('error', (error) => resolve(error.message));
    });
    await ready(url, ended, said);
    return { ...facts, url, said, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
