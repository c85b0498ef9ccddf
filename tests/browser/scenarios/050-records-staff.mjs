// The front desk: find and print, withdraw a misfiled document, keep the patient index, link who was provisional.

import assert from 'node:assert/strict';

export const title = 'records staff find, print, withdraw, and keep the patient index';

const CSV = [
  'last_name,first_name,date_of_birth,mrn',
  'Importson,Ada,03/09/2017,LP90001',
  'Importson,Bo,04/10/2018,LP90002',
  ',Nameless,05/11/2019,LP90003',
  '',
].join('\n');

// Importson, Ada and Importson, Bo, of the table above, are said to be one patient.
const ADT = [
  'MSH|^~\\&|EHR|LPC|||20260102100000||ADT^A40|M-1|P|2.5',
  'EVN|A40|20260102100000',
  'PID|1||LP90001^^^LPC^MR||Importson^Ada||20170309|F',
  'MRG|LP90002^^^LPC^MR',
  '',
].join('\r');

export default async function ({ check, at, signedIn, withPasskey, goodPage, task }) {
  const desk = await signedIn('records_staff', 'Lakeside Pediatrics');
  const { page } = desk;
  await withPasskey(desk);

  await page.goto(at('/'));
  await goodPage(desk, 'to-print');
  const first = page.getByRole('table', { name: 'Documents' }).getByRole('link').first();
  const name = (await first.innerText()).split(',')[0];
  await task(desk, 'front desk: find by name and come to the print page', { clicks: 2 }, async () => {
    await page.keyboard.press('/');
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: /documents?/ }).waitFor();
    await page.getByRole('table', { name: 'Documents' }).getByRole('link').first().click();
    await page.getByRole('link', { name: 'Print', exact: true }).click();
    await page.getByText('Printed by').waitFor();
  });
  await page.getByRole('link', { name: 'Back to the document' }).click();
  await goodPage(desk, 'document-records-staff');
  await check('what was fetched is marked as picked up', async () => {
    const pickUp = page.getByRole('button', { name: 'Mark as picked up' });
    if (await pickUp.count()) await pickUp.first().click();
    await page.getByText(/^Picked up by /).waitFor();
  });
  await goodPage(desk, 'document-picked-up');

  const document = new URL(page.url()).pathname;
  await page.getByRole('link', { name: 'Withdraw' }).click();
  await goodPage(desk, 'withdraw');
  await check('a misfiled document is withdrawn with a reason', async () => {
    await page.getByLabel('Wrong patient').check();
    await page.getByRole('button', { name: /^Withdraw/ }).click();
    await page.getByText('Withdrawn. It is out of every inbox.').waitFor();
  });
  await check('and it is gone from every list', async () => {
    await page.goto(at('/to-print'));
    assert.equal(await page.locator(`a[href="${document}"]`).count(), 0);
  });

  await page.goto(at('/patients'));
  await goodPage(desk, 'patients');
  await page.getByRole('link', { name: 'New patient' }).click();
  await goodPage(desk, 'patient-new');
  await check('a new patient needs a name and a day that exists', async () => {
    await page.getByRole('group', { name: 'Birth date' }).getByLabel('Month').fill('13');
    await page.getByRole('button', { name: /^Add the patient/ }).click();
    await page.getByRole('heading', { name: /another look$/ }).waitFor();
  });
  await goodPage(desk, 'patient-new-mistakes', { answers: [422] });
  await check('a new patient is added by hand', async () => {
    await page.getByLabel('Family name').fill('Browser');
    await page.getByLabel('Given names').fill('Cleo');
    for (const [box, value] of [['Month', '02'], ['Day', '28'], ['Year', '2019']]) {
      await page.getByRole('group', { name: 'Birth date' }).getByLabel(box).fill(value);
    }
    await page.getByLabel('Record number').fill('LP91919');
    await page.getByRole('button', { name: 'Add the patient' }).click();
    await page.getByRole('heading', { name: /Browser/, level: 1 }).waitFor();
  });
  await goodPage(desk, 'patient-without-documents');
  await check('a birth date is corrected', async () => {
    await page.getByRole('link', { name: 'Correct' }).click();
    await page.getByRole('group', { name: 'Birth date' }).getByLabel('Day').fill('27');
  });
  await goodPage(desk, 'patient-edit');
  await check('the correction shows', async () => {
    await page.getByRole('button', { name: 'Keep the correction' }).click();
    await page.getByText('02/27/2019').waitFor();
  });

  await page.goto(at('/patients/import'));
  await goodPage(desk, 'patient-import');
  const table = { name: 'patients.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) };
  await check('a table can be checked before anything is kept', async () => {
    await page.getByLabel('The file').setInputFiles(table);
    await page.getByRole('button', { name: 'Only check the file' }).click();
    await page.getByRole('heading', { name: 'Checked: nothing was kept' }).waitFor();
    await page.getByText(/2 new/).waitFor();
    await page.getByRole('link', { name: 'Choose the file again and import it' }).click();
  });
  await check('patients come from a table, and what is wrong in it is told by line', async () => {
    await page.getByLabel('The file').setInputFiles(table);
    await page.getByRole('button', { name: 'Import the patients' }).click();
    await page.getByText(/2 new/).waitFor();
    await page.getByText(/line 4/).waitFor();
  });
  await goodPage(desk, 'patient-imported');

  await page.goto(at('/unmatched'));
  await goodPage(desk, 'unmatched-records-staff');
  const said = page.getByRole('row').filter({ hasText: 'as the document says' }).first();
  const family = (await said.getByRole('link').innerText()).split(',')[0];
  await check('a patient who is not in the index yet is provisional', async () => {
    await said.getByRole('link').click();
    await page.getByRole('button', { name: 'Make a provisional patient from what it says' }).click();
    await page.waitForURL('**/unmatched?done=matched');
  });
  await check('the provisional patient is found, and says so', async () => {
    await page.goto(at('/search'));
    await page.locator('#f-q').fill(family);
    await page.keyboard.press('Enter');
    const row = page.getByRole('table', { name: 'Patients' }).getByRole('row').filter({ hasText: 'provisional' });
    await row.getByRole('link').click();
    await page.getByText('provisional: no record number yet').waitFor();
  });
  await goodPage(desk, 'patient-provisional');
  await page.getByRole('link', { name: 'Link to a known patient' }).click();
  await goodPage(desk, 'patient-link');
  await check('the provisional patient is linked to the known one', async () => {
    await page.getByRole('radio').first().check();
    await page.getByRole('button', { name: 'Link them' }).click();
    await page.getByText('Linked.').waitFor();
  });

  await page.goto(at('/patients/merges'));
  await goodPage(desk, 'merges-empty');
  await page.goto(at('/patients/import'));
  await check('a message of the practice’s system proposes a merge, and merges nothing', async () => {
    await page.getByLabel('The file').setInputFiles({ name: 'adt.hl7', mimeType: 'text/plain', buffer: Buffer.from(ADT) });
    await page.getByRole('button', { name: 'Import the patients' }).click();
    await page.getByText(/1 pairs? of records/).waitFor();
    await page.goto(at('/patients'));
    await page.getByRole('link', { name: 'Records to merge (1)' }).click();
  });
  await goodPage(desk, 'merges');
  await page.getByRole('link', { name: /^Look at both/ }).click();
  await page.getByRole('heading', { name: 'Are these one patient?' }).waitFor();
  await goodPage(desk, 'merge');
  await check('both stand side by side, and by the keyboard alone one goes into the other', async () => {
    await page.getByRole('row', { name: /Given names/ }).getByText('differs').waitFor();
    await page.getByRole('radio').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Merged. It can be taken back here.').waitFor();
  });
  await goodPage(desk, 'merge-undo');
  await check('the record that went says where it is, and the merge is taken back', async () => {
    const back = page.url().split('?')[0];
    await page.getByRole('link', { name: 'open the first record' }).click();
    await page.getByText('This record went into another one.').waitFor();
    await goodPage(desk, 'patient-went');
    await page.goto(back);
    await page.getByRole('button', { name: 'Take the merge back' }).click();
    await page.getByText('The merge was taken back.').first().waitFor();
    await page.getByRole('link', { name: 'open the first record' }).click();
  });
  await page.getByRole('link', { name: 'Merge with another record' }).click();
  await goodPage(desk, 'merge-new');
  await check('who names no other record is told what to do', async () => {
    await page.getByRole('button', { name: 'Look at both' }).click();
    await page.getByText('Write the number of the other record, or choose one').first().waitFor();
  });
}
