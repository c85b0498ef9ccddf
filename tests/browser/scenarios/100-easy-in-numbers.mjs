// "Easy, in numbers": what the tasks of a day take, counted in clicks, keys and keyboard actions. Where a limit is in
// seconds, it is held against a person's time as estimated from the counts (see docs/EASY.md). The machine's own seconds
// are told beside it and held against nothing: on a busy machine they say more about the machine than about the portal.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const title = 'easy, in numbers';

/**
 * A person's own seconds by the keystroke-level model (Card, Moran and Newell, 1980): a thought 1.35, pointing 1.1, a
 * click 0.2, a key 0.28.
 */
function personSeconds({ clicks, keys, actions }) {
  return clicks * (1.35 + 1.1 + 0.2) + actions * 1.35 + keys * 0.28;
}

/** A person's seconds with those the machine lets them wait. */
function allSeconds(one) {
  return (personSeconds(one) + one.seconds).toFixed(0);
}

export default async function (room) {
  const { check, note, at, visitor, signedIn, withPasskey, task, numbers, pictures } = room;

  // A doctor, keyboard only, from the sign-in page to the printer.
  const doctor = await signedIn('clinician', 'Harbor Clinic');
  await withPasskey(doctor);
  await doctor.page.goto(at('/inbox?view=all'));
  const row = doctor.page.getByRole('row').filter({ hasText: /Delivered|Signed/ }).first();
  const name = (await row.getByRole('link').innerText()).split(',')[0];
  const fresh = await visitor();
  for (const passkey of await doctor.passkeys.credentials()) await fresh.passkeys.carry(passkey);
  const { page } = fresh;
  await page.addInitScript(() => { window.print = () => { document.title = 'printed'; }; });
  await page.goto(at('/sign-in'));
  // The page puts the focus on its button, and a passkey answers only to a page that has the focus.
  await page.bringToFront();
  await page.waitForFunction(() => document.hasFocus() && document.activeElement?.tagName === 'BUTTON');
  await task(fresh, 'doctor: sign in, find, read, print, with the keyboard alone', { clicks: 0, actions: 9 }, async () => {
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page.locator('.said').waitFor();
    const rows = await page.locator('tr[data-row] a.open').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    const place = rows.findIndex((href) => href.startsWith('/documents/'));
    for (let step = 0; step <= place; step += 1) await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Text of the document' }).waitFor();
    await page.keyboard.press('p');
    await page.getByText('Printed by').waitFor();
    await page.keyboard.press('Enter');
    assert.equal(await page.title(), 'printed');
  });
  // Its passkey has been used elsewhere: the counter goes home.
  const used = await fresh.passkeys.credentials();
  await doctor.passkeys.anotherDevice();
  for (const passkey of used) await doctor.passkeys.carry(passkey);

  const typist = await signedIn('transcriptionist');
  await typist.page.goto(at('/'));
  const files = Array.from({ length: 60 }, (_, index) => ({
    name: `easy-${index}.txt`,
    mimeType: 'text/plain',
    buffer: Buffer.from(`Patient: Nobody Easy\nDictated by: Ana Reyes, MD\n\nMade-up text ${index}.\n`),
  }));
  await task(typist, 'typist: sixty files, from the queue to the last outcome', { clicks: 4 }, async () => {
    await typist.page.getByRole('link', { name: 'Upload', exact: true }).click();
    await typist.page.getByLabel('Whose PHI is it?').selectOption({ label: 'Lakeside Pediatrics' });
    const [chooser] = await Promise.all([typist.page.waitForEvent('filechooser'), typist.page.locator('#f-files').click()]);
    await chooser.setFiles(files);
    await typist.page.getByRole('button', { name: 'Upload 60 files' }).click();
    await typist.page.locator('#upload-said').filter({ hasText: '60 done' }).waitFor({ timeout: 180_000 });
  });

  const desk = await signedIn('records_staff', 'Harbor Clinic');
  await withPasskey(desk);
  await desk.page.goto(at('/'));
  await task(desk, 'front desk: withdraw a misfiled document', { clicks: 4 }, async () => {
    await desk.page.getByRole('table', { name: 'Documents' }).getByRole('link').first().click();
    await desk.page.getByRole('link', { name: 'Withdraw' }).click();
    await desk.page.locator('label', { hasText: 'Wrong patient' }).click();
    await desk.page.getByRole('button', { name: /^Withdraw/ }).click();
    await desk.page.getByText('Withdrawn. It is out of every inbox.').waitFor();
  });

  const manager = await signedIn('practice_manager', 'Harbor Clinic');
  await withPasskey(manager);
  await manager.page.goto(at('/'));
  await task(manager, 'manager: invite somebody', { clicks: 3 }, async () => {
    await manager.page.getByRole('link', { name: 'Invite a person' }).click();
    await manager.page.getByLabel('Name', { exact: true }).waitFor();
    await manager.page.keyboard.press('Tab');
    await manager.page.locator('#f-name').focus();
    for (const text of ['Nora Vance, MD', 'nora.vance@demo.example', '+1 608 555 0177']) {
      await manager.page.keyboard.type(text);
      await manager.page.keyboard.press('Tab');
    }
    await manager.page.locator('label', { hasText: 'Clinician' }).click();
    await manager.page.getByRole('button', { name: 'Make the invitation' }).click();
    await manager.page.getByRole('heading', { name: /^Two things for/ }).waitFor();
  });
  await manager.page.goto(at('/people'));
  await task(manager, 'manager: take a role away', { clicks: 1 }, async () => {
    const gone = manager.page.getByRole('row').filter({ hasText: 'Nora Vance' });
    await gone.getByRole('button', { name: 'Take it back' }).click();
    await manager.page.getByText('Ended. It holds from the next request on.').waitFor();
  });

  const officer = await signedIn('privacy_officer');
  await officer.page.goto(at('/'));
  await task(officer, 'officer: who opened what at a practice', { clicks: 2 }, async () => {
    await officer.page.getByRole('link', { name: 'Accesses', exact: true }).click();
    await officer.page.getByRole('heading', { name: 'Who opened what' }).waitFor();
  });

  await check('a person could do each of them in the time that LOOK gives', async () => {
    const slow = [];
    for (const one of numbers) {
      const limit = LIMITS.find(([task]) => task === one.task)?.[1];
      if (limit && personSeconds(one) > limit) slow.push(`${one.task}: ${personSeconds(one).toFixed(1)} s, at most ${limit}`);
    }
    assert.deepEqual(slow, []);
  });
  for (const one of numbers) note(`${one.task}: about ${allSeconds(one)} s for a person`);
  if (pictures) await writeFile(join(pictures, '..', 'EASY.md'), report(numbers));
}

/** Seconds that a person may need. */
const LIMITS = [
  ['doctor: from the inbox to reading', 20],
  ['typist: sixty files, from the queue to the last outcome', 300],
  ['front desk: find by name and come to the print page', 30],
  ['front desk: withdraw a misfiled document', 60],
  ['shared device: switch person', 5],
  ['manager: invite somebody', 60],
  ['manager: take a role away', 30],
  ['officer: who opened what at a practice', 60],
  ['officer: who saw her in a year, by name', 60],
  ['officer: withdraw a misfiled document, by name', 60],
];

function report(numbers) {
  const lines = numbers.map((one) => {
    const allowed = [
      ...Object.entries(one.allowed).map(([what, most]) => `${most} ${what}`),
      ...LIMITS.filter(([task]) => task === one.task).map(([, most]) => `${most} s`),
    ];
    return `| ${one.task} | ${one.clicks} | ${one.keys} | ${one.actions} | ${one.seconds} | ${allSeconds(one)} | ${allowed.join(', ')} |`;
  });
  return `# Easy, in numbers

Counted by the browser tests (\`bin/test --pictures\` writes this page; do not edit it by hand). Clicks and keys are those
that the browser saw; a word typed into a field is one keyboard action. The machine's seconds are those of the script on
the machine that ran it. A person's seconds are an estimate: the keystroke-level model (Card, Moran and Newell, 1980) over
the counts (a thought 1.35 s, pointing 1.1 s, a click 0.2 s, a key 0.28 s) and the machine's seconds on top. No person who
saw the portal for the first time has been timed yet.

| task | clicks | keys | keyboard actions | machine, s | a person, about s | at most |
|---|---|---|---|---|---|---|
${lines.join('\n')}
`;
}
