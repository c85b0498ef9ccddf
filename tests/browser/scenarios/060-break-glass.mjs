// Care comes first: a doctor who has not got a patient in care breaks the glass; the manager reviews it; nobody
// reviews their own.

import assert from 'node:assert/strict';

export const title = 'breaking the glass, and its review';

const SURNAMES = ['Lindgren', 'Kowalski', 'Jansen', 'Ibarra', 'Hollis', 'Garza', 'Fontaine', 'Eklund', 'Dupree', 'Castillo', 'Bergstrom', 'Abbott'];

/** Opens the chart of a patient who is not in this person's care: the page before the glass. */
async function beforeTheGlass(page, at) {
  for (const surname of SURNAMES) {
    await page.goto(at('/search'));
    await page.locator('#f-q').fill(surname);
    await page.keyboard.press('Enter');
    await page.locator('.said').waitFor();
    const links = page.getByRole('table', { name: 'Patients' }).getByRole('link');
    if ((await links.count()) === 0) continue;
    await links.first().click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (page.url().endsWith('/break-glass')) return surname;
  }
  throw new Error('every patient is in this care already');
}

async function breakIt(page) {
  await page.getByLabel(/^Emergency/).check();
  await page.getByLabel('2 hours').check();
  await page.getByRole('button', { name: 'Touch and break the glass' }).click();
  await page.getByText('The glass is broken.', { exact: false }).waitFor();
}

export default async function ({ check, at, signedIn, withPasskey, goodPage }) {
  const doctor = await signedIn('ben.cho@demo.example');
  const { page } = doctor;
  await withPasskey(doctor);
  let surname;
  await check('a patient who is not in care leads to the glass, and the page names nobody', async () => {
    surname = await beforeTheGlass(page, at);
    assert.ok(!(await page.locator('main').innerText()).includes(surname));
  });
  await goodPage(doctor, 'break-glass');
  await check('without a reason nothing breaks', async () => {
    await page.getByRole('button', { name: 'Touch and break the glass' }).click();
    await page.getByRole('heading', { name: /another look$/ }).waitFor();
  });
  await goodPage(doctor, 'break-glass-mistakes', { answers: [422] });
  await check('with a reason it opens at once, with a badge and an end', async () => {
    await breakIt(page);
    await page.getByRole('heading', { level: 1, name: new RegExp(surname) }).waitFor();
    await page.getByText(/glass broken, until/).first().waitFor();
  });
  await goodPage(doctor, 'patient-glass-broken');
  await check('every row of that patient wears the badge', async () => {
    const documents = page.getByRole('table', { name: 'Documents' });
    if ((await documents.count()) === 0) return;
    await documents.getByText('glass broken').first().waitFor();
    await documents.getByRole('link').first().click();
    await page.getByText(/glass broken, until/).first().waitFor();
    await goodPage(doctor, 'document-glass-broken');
  });

  const manager = await signedIn('practice_manager', 'Lakeside Pediatrics');
  await withPasskey(manager);
  const desk = manager.page;
  await check('the manager sees that it was broken, by whom and why', async () => {
    await desk.goto(at('/break-glass'));
    const row = desk.getByRole('row').filter({ hasText: 'Ben Cho' });
    await row.getByText(/Emergency/).waitFor();
    await row.getByText('Review is open').waitFor();
  });
  await goodPage(manager, 'broken-glass');
  await desk.getByRole('row').filter({ hasText: 'Ben Cho' }).getByRole('link').click();
  await goodPage(manager, 'broken-glass-review');
  await check('the review is closed with a word', async () => {
    await desk.getByLabel('Justified', { exact: true }).check();
    await desk.getByLabel('A word', { exact: true }).fill('On call that night.');
    await desk.getByRole('button', { name: 'Close the review' }).click();
    await desk.getByText('The review is closed.').waitFor();
    await desk.getByText(/^Justified, Mara Quist/).waitFor();
  });
  await goodPage(manager, 'broken-glass-reviewed');

  await check('a manager who is a doctor too takes the second role at once', async () => {
    await desk.goto(at('/people/invite'));
    await desk.getByLabel('Name', { exact: true }).fill('Mara Quist');
    await desk.getByLabel('E-mail').fill('mara.quist@demo.example');
    await desk.getByLabel('Telephone').fill('+1 608 555 0199');
    await desk.getByLabel('Clinician', { exact: true }).check();
    await desk.getByRole('button', { name: 'Make the invitation' }).click();
    await desk.getByRole('heading', { name: 'It holds from now on' }).waitFor();
  });
  await goodPage(manager, 'invited-holds-at-once');
  await check('and breaks a glass herself', async () => {
    await beforeTheGlass(desk, at);
    await breakIt(desk);
  });
  await check('nobody reviews their own: no form is shown', async () => {
    await desk.goto(at('/break-glass'));
    await desk.getByRole('row').filter({ hasText: 'Review is open' }).filter({ hasText: 'Mara Quist' }).getByRole('link').click();
    await desk.getByText('somebody else must review it').waitFor();
    assert.equal(await desk.getByRole('button', { name: 'Close the review' }).count(), 0);
  });
  await goodPage(manager, 'broken-glass-own');
  await check('and a form made by hand is refused', async () => {
    const csrf = await desk.evaluate(() => document.body.dataset.csrf);
    const path = new URL(desk.url()).pathname.replace(/^.*\/break-glass\//, '/break-glass/');
    const answer = await desk.evaluate(
      async ([to, token]) => (await fetch(`${to}/review`, { method: 'POST', body: new URLSearchParams({ csrf: token, verdict: 'justified', word: 'Mine.' }) })).status,
      [path, csrf],
    );
    assert.ok([403, 404, 409].includes(answer), `answered ${answer}`);
  });
}
