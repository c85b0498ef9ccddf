// A doctor: from the inbox to reading in at most three clicks, found by name, printed, downloaded, signed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

export const title = 'a doctor reads, finds, prints, downloads and signs';

export default async function ({ check, at, signedIn, withPasskey, goodPage, task }) {
  const doctor = await signedIn('clinician');
  const { page } = doctor;
  await withPasskey(doctor);

  await page.goto(at('/'));
  await task(doctor, 'doctor: from the inbox to reading', { clicks: 3 }, async () => {
    await page.getByRole('table', { name: 'Documents' }).getByRole('link').first().click();
    await page.getByRole('article', { name: 'Text of the document' }).waitFor();
  });
  await goodPage(doctor, 'document');
  await check('the page says whose PHI it is, who opened it, and which entry that was', async () => {
    await page.getByText(/^PHI – /).first().waitFor();
    await page.getByRole('heading', { name: 'Who opened it' }).waitFor();
    await page.getByRole('link', { name: /^entry [\d,]+ · proof$/ }).waitFor();
  });
  const name = (await page.getByRole('heading', { level: 1 }).innerText()).split(',')[0];
  await check('what was read is no longer unread', async () => {
    const path = new URL(page.url()).pathname;
    await page.goto(at('/inbox'));
    assert.equal(await page.locator(`a[href="${path}"]`).count(), 0);
    await page.goto(at('/inbox?view=all'));
    assert.equal(await page.locator(`a[href="${path}"]`).count(), 1);
  });
  await goodPage(doctor, 'inbox-all');

  await check('found by the surname, with two identifiers a row, and the name in no address', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: /\d+ patients? and \d+ documents?/ }).waitFor();
    assert.ok(!page.url().includes(name), page.url());
    const row = page.getByRole('table', { name: 'Documents' }).getByRole('row').nth(1);
    assert.match(await row.innerText(), /born \d\d\/\d\d\/\d{4}[\s\S]*MRN/);
  });
  await goodPage(doctor, 'search-documents');
  await check('what nobody is called is said so', async () => {
    await page.goto(at('/search'));
    await page.locator('#f-q').fill('Zzyzx');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing that you may see fits this.').waitFor();
  });
  await goodPage(doctor, 'search-nothing');

  await page.goto(at('/inbox'));
  await page.getByRole('row').filter({ hasText: 'Delivered' }).first().getByRole('link').click();
  const patient = page.getByRole('heading', { level: 1 }).getByRole('link');
  await check('the patient leads to the chart', async () => {
    await patient.click();
    await page.getByRole('heading', { name: 'Documents', level: 2 }).waitFor();
  });
  await goodPage(doctor, 'patient');
  await page.goBack();
  await check('the print page has patient, tag, version and digest', async () => {
    await page.getByRole('link', { name: 'Print', exact: true }).click();
    await page.getByText('Printed by').waitFor();
    assert.match(await page.locator('.sheet-foot').first().innerText(), /PHI – [\s\S]*version 1[\s\S]*SHA-256[\s\S]*[0-9a-f]{64}/i);
  });
  await goodPage(doctor, 'document-print');
  await check('on paper every sheet bears the patient and the page number', async () => {
    const pdf = await page.pdf({ format: 'Letter' });
    assert.ok(pdf.length > 5_000);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.print-bar').isVisible(), false);
    await page.emulateMedia({ media: 'screen' });
  });
  await page.getByRole('link', { name: 'Back to the document' }).click();
  await check('the original comes as a file, under a name without PHI', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download original' }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    assert.match(text, /HISTORY OF PRESENT ILLNESS|\\rtf1/);
    assert.ok(!download.suggestedFilename().includes(name), download.suggestedFilename());
  });
  await task(doctor, 'doctor: sign what is open', { clicks: 1 }, async () => {
    await page.locator('.title-row').getByRole('button', { name: 'Sign' }).click();
    await page.waitForURL('**?done=signed');
    await page.getByText(/^Signed by /).waitFor();
  });
  await goodPage(doctor, 'document-signed');
  await page.goto(at('/me/accesses'));
  await goodPage(doctor, 'my-accesses');
  await check('the doctor sees these accesses, and each is proven', async () => {
    await page.getByRole('cell', { name: 'signed', exact: true }).first().waitFor();
  });
  await page.goto(at('/documents'));
  await goodPage(doctor, 'documents');
  await page.goto(at('/inbox?view=picked-up'));
  await goodPage(doctor, 'inbox-picked-up');
}
