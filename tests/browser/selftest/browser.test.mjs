// The harness finds what it must find: a check that cannot fail is no check.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChromium } from '../harness/chromium.mjs';
import { addAuthenticator } from '../harness/passkey.mjs';
import { violations } from '../harness/axe.mjs';
import { addCounter, beyond } from '../harness/counter.mjs';
import { sidewaysOverflow, takePictures } from '../harness/picture.mjs';
import { serveMadeUp } from './page.mjs';

let browser;
let site;

before(async () => {
  site = await serveMadeUp();
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  site?.close();
});

async function open(path, prepare = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const kept = await prepare(context);
  const page = await context.newPage();
  const blocked = [];
  page.on('console', (message) => message.type() === 'error' && blocked.push(message.text()));
  await page.goto(site.url + path);
  return { page, kept, blocked };
}

test('axe finds a planted violation and none on a good page, with the strictest policy in force', async () => {
  const bad = await open('/bad');
  const found = (await violations(bad.page)).map((one) => one.id);
  assert.ok(found.includes('label') && found.includes('image-alt'), found.join(' '));
  const good = await open('/');
  assert.deepEqual(await violations(good.page), []);
  assert.deepEqual(good.blocked, [], 'axe tripped over no policy');
});

test('a passkey is made and used, and a wrong finger is refused', async () => {
  const { page } = await open('/');
  const passkeys = await addAuthenticator(page);
  const made = await page.evaluate(() => window.enrol());
  assert.equal(await passkeys.count(), 1);
  assert.equal(await page.evaluate(() => window.signIn()), made);
  await passkeys.refuseVerification();
  await assert.rejects(page.evaluate(() => window.signIn()));
});

test('a passkey can be carried to another page of the same person', async () => {
  const first = await open('/');
  const passkeys = await addAuthenticator(first.page);
  const made = await first.page.evaluate(() => window.enrol());
  const [credential] = await passkeys.credentials();
  const second = await open('/');
  await (await addAuthenticator(second.page)).carry(credential);
  assert.equal(await second.page.evaluate(() => window.signIn()), made);
});

test('the counter counts what was done, across pages, and a word as one action', async () => {
  const { page, kept: counter } = await open('/', addCounter);
  counter.begin();
  await page.getByLabel('Name').click();
  await page.keyboard.type('Lakeside');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/other');
  await page.getByRole('button').click();
  const taken = counter.read();
  assert.deepEqual([taken.clicks, taken.keys, taken.actions], [2, 10, 3]);
  assert.deepEqual(beyond(taken, { clicks: 1, actions: 3 }), ['2 clicks, at most 1']);
  await page.evaluate(() => document.querySelector('button').click());
  assert.equal(counter.read().clicks, 2, 'a click made by a script is no click');
});

test('pictures are taken at both widths, and a page that is too wide is noticed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'strongroom-pictures-'));
  const { page } = await open('/wide');
  await takePictures(page, folder, 'wide');
  assert.deepEqual((await readdir(folder)).sort(), ['wide-1280.png', 'wide-390.png']);
  await rm(folder, { recursive: true });
  assert.ok((await sidewaysOverflow(page, 390)) > 0);
  assert.equal(await sidewaysOverflow((await open('/')).page, 390), 0);
  assert.deepEqual(page.viewportSize(), { width: 1280, height: 900 });
});
