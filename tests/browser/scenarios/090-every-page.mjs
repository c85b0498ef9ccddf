// Every page and state that no story before this one has come by, each looked at in both themes and at both widths.

import assert from 'node:assert/strict';
import { takePictures } from '../harness/picture.mjs';

export const title = 'every other page and state';

const LAKESIDE = 'Lakeside Pediatrics';

/** Who looks at what: path, and the name of the picture. */
const PAGES = [
  ['qa_editor', undefined, [['/held', 'held'], ['/search', 'search'], ['/help', 'help'], ['/documents', 'documents-editor']]],
  ['coordinator', undefined, [['/status', 'status']]],
  ['analyst', undefined, [['/', 'first-page-analyst']]],
  ['practice_manager', LAKESIDE, [['/people', 'people'], ['/people/invite', 'people-invite'], ['/accesses', 'accesses']]],
  ['practice_manager', 'Northfield Orthopedics', [['/break-glass', 'broken-glass-none']]],
  [
    'privacy_officer',
    undefined,
    [
      ['/first-day', 'first-day'],
      ['/customers', 'customers'],
      ['/customers/new', 'customer-new'],
      ['/staff', 'staff'],
      ['/staff/invite', 'staff-invite'],
      ['/ledger?action=key.shred', 'ledger-nothing'],
      ['/ledger', 'ledger'],
      ['/ledger/checkpoints', 'checkpoints'],
      ['/ledger/entries/12', 'ledger-entry'],
      ['/alerts', 'alerts'],
      ['/alerts?view=closed', 'alerts-closed'],
      ['/gate', 'gate'],
      ['/step-up?next=/staff/invite', 'step-up'],
    ],
  ],
  ['administrator', undefined, [['/health', 'health']]],
  ['auditor', undefined, [['/', 'first-page-auditor']]],
];

export default async function (room) {
  const { check, at, signedIn, goodPage } = room;
  for (const [role, customer, pages] of PAGES) {
    const seat = await signedIn(role, customer);
    for (const [path, name] of pages) {
      await check(`${name}: the page is there for ${role}`, async () => {
        const answer = await seat.page.goto(at(path));
        assert.equal(answer.status(), 200);
        await seat.page.getByRole('heading', { level: 1 }).first().waitFor();
      });
      await goodPage(seat, name);
    }
    if (role === 'privacy_officer') await officer(room, seat);
    if (role === 'qa_editor') await editor(room, seat);
    if (role === 'practice_manager' && customer === LAKESIDE) await manager(room, seat);
  }
  await withoutScripts(room);
  await idle(room);
}

async function officer({ check, at, goodPage }, seat) {
  const { page } = seat;
  await check('a customer with everything', async () => {
    await page.goto(at('/customers'));
    await page.getByRole('link', { name: LAKESIDE }).click();
    await page.getByRole('heading', { level: 1, name: LAKESIDE }).waitFor();
  });
  await goodPage(seat, 'customer');
  const customer = new URL(page.url()).pathname;
  await page.goto(at(`${customer}/manager`));
  await goodPage(seat, 'customer-manager');
  await page.goto(at(`${customer}/accesses`));
  await goodPage(seat, 'customer-accesses');
  await check('one of the staff', async () => {
    await page.goto(at('/staff'));
    await page.getByRole('link', { name: 'Tess Bauer' }).click();
    await page.getByRole('heading', { level: 1, name: 'Tess Bauer' }).waitFor();
  });
  await goodPage(seat, 'staff-person');
  await check('an entry of the ledger comes with a proof that can be taken along', async () => {
    await page.goto(at('/ledger'));
    await page.getByRole('table', { name: 'Entries' }).getByRole('link').first().click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Take the proof' }).click()]);
    assert.ok(await download.path());
  });
}

/** The documents of an editor, one in each state. */
async function editor({ check, at, goodPage }, seat) {
  const { page } = seat;
  const open = async (list, state) => {
    await page.goto(at(list));
    const row = page.getByRole('table', { name: 'Documents' }).getByRole('row').filter({ hasText: state });
    const next = page.getByRole('link', { name: 'Next page' });
    while ((await row.count()) === 0 && (await next.count()) > 0) await Promise.all([page.waitForEvent('load'), next.click()]);
    const href = await row.first().getByRole('link').getAttribute('href');
    await page.goto(at(href.replace(/\/match$/, '')));
    await page.getByRole('heading', { level: 1 }).waitFor();
    return new URL(page.url()).pathname;
  };
  await check('a document that is held', () => open('/held', 'Held'));
  await goodPage(seat, 'document-held');
  await check('a dictation: there is no text to show', () => open('/queue', 'Dictated'));
  await goodPage(seat, 'document-dictation');
  await check('an unmatched document', () => open('/unmatched', 'Unmatched'));
  await goodPage(seat, 'document-unmatched');
  let edited;
  await check('an edited document, before it is held', async () => {
    edited = await open('/queue', 'Edited');
    await page.goto(at(`${edited}/hold`));
    await page.getByRole('heading', { level: 1 }).waitFor();
  });
  await goodPage(seat, 'hold');
  let withdrawn;
  await check('a withdrawn document', async () => { withdrawn = await open('/documents', 'Withdrawn'); });
  await goodPage(seat, 'document-withdrawn');
  await page.goto(at(`${withdrawn}/move`));
  await goodPage(seat, 'move');
  await check('the right patient is looked for', async () => {
    await page.getByLabel('Family name').fill('Eklund');
    await page.getByRole('button', { name: 'Look for this patient' }).click();
    await page.getByRole('radio').first().waitFor();
  });
  await goodPage(seat, 'move-found');
  await page.goto(at(`${withdrawn}/enter-in-error`));
  await goodPage(seat, 'enter-in-error');
}

async function manager({ check, at, goodPage }, seat) {
  const { page } = seat;
  await check('an invitation with mistakes comes back with what was typed', async () => {
    await page.goto(at('/people/invite'));
    await page.getByLabel('Name', { exact: true }).fill('Somebody New');
    await page.getByRole('button', { name: 'Make the invitation' }).click();
    await page.getByRole('heading', { name: /another look$/ }).waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Somebody New');
  });
  await goodPage(seat, 'people-invite-mistakes', { answers: [422] });
  await check('the accesses of one person', async () => {
    await page.goto(at('/accesses'));
    await page.getByLabel('Who', { exact: true }).selectOption({ label: 'Ben Cho, MD' });
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForLoadState();
    assert.equal(await page.getByLabel('Who', { exact: true }).evaluate((box) => box.selectedOptions[0].text), 'Ben Cho, MD');
  });
  await goodPage(seat, 'accesses-of-one');
}

/** Everything but passkeys works without scripts; the axe of a page without scripts was the same page's with them. */
async function withoutScripts({ check, at, signedIn, pictures, looked }) {
  const picture = async (page, name) => {
    looked.add(name);
    if (pictures) await takePictures(page, pictures, name);
  };
  const editor = await signedIn('qa_editor', undefined, { javaScriptEnabled: false });
  const { page } = editor;
  await check('a link from a mail leads through a page of our own', async () => {
    // A page of another origin, such as a mail program's.
    await page.goto(`data:text/html,<a href="${at('/inbox')}">your documents</a>`);
    await page.getByRole('link').click();
    await page.getByRole('heading', { name: 'You came from a link' }).waitFor();
  });
  await picture(page, 'came-from-a-link');
  await check('files are uploaded by a plain form', async () => {
    await page.goto(at('/upload'));
    await page.getByLabel('Whose PHI is it?').selectOption({ label: LAKESIDE });
    const text = (name, body) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(body) });
    await page.locator('#f-files').setInputFiles([text('plain-form.txt', 'Patient: Nobody Plain\n\nMade up.\n'), text('empty.txt', '')]);
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.getByRole('heading', { name: 'Uploaded', level: 1 }).waitFor();
    await page.getByText('1 of 2 taken in').waitFor();
  });
  await picture(page, 'uploaded');
}

/** Time is wound on in the page: a minute before the session falls idle it warns, then it covers itself. */
async function idle({ check, at, signedIn, goodPage }) {
  const seat = await signedIn('clinician', 'Northfield Orthopedics');
  const { page } = seat;
  await page.clock.install();
  await page.goto(at('/inbox?view=all'));
  await check('a minute before it locks the page says so', async () => {
    await page.clock.runFor('14:30');
    await page.getByRole('dialog', { name: 'Are you still there?' }).waitFor();
  });
  await goodPage(seat, 'idle-warning');
  await check('who is there goes on', async () => {
    await page.getByRole('button', { name: 'Yes, I am here' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });
  await check('who is not finds it locked', async () => {
    await page.clock.runFor('15:05');
    await page.getByRole('heading', { name: 'Locked' }).waitFor();
    assert.equal(await page.getByRole('table').count(), 0, 'nothing of the list is left on the page');
  });
}
