// A transcriptionist uploads sixty files in the browser; what no patient could be named for is matched, and an editor
// delivers.

import assert from 'node:assert/strict';

export const title = 'sixty files come in, are matched and delivered';

const CUSTOMER = 'Lakeside Pediatrics';

/** A made-up transcript as a typist saves it. Every fifth one names nobody whom the practice knows. */
function transcript(number, patient) {
  const known = patient && number % 5 !== 0;
  const name = known ? patient.name : `Nobody Known${number}`;
  const born = known ? patient.born : '';
  const lines = [
    `Patient: ${name}`,
    `DOB: ${born}`,
    known ? `MRN: ${patient.number}` : 'MRN: (not given)',
    `Date of Service: 11/${String((number % 20) + 1).padStart(2, '0')}/2026`,
    'Dictated by: Ana Reyes, MD',
    '',
    'HISTORY OF PRESENT ILLNESS',
    `Made-up text number ${number} for the browser test. No such person exists.`,
    '',
    'ASSESSMENT AND PLAN',
    'Come back in three months.',
    '',
  ];
  return { name: `upload-${String(number).padStart(2, '0')}.txt`, mimeType: 'text/plain', buffer: Buffer.from(lines.join('\n')) };
}

/** A patient of the demo's practice, as the editor's own search shows them. */
async function somePatient({ page }, at) {
  await page.goto(at('/search'));
  await page.locator('#f-q').fill('Abbott');
  await page.locator('#main').getByRole('button', { name: 'Search' }).first().click();
  const row = page.getByRole('table', { name: 'Patients' }).getByRole('row').nth(1);
  const name = await row.getByRole('rowheader').innerText();
  const born = (await row.locator('.c-born').innerText()).replace('born', '').trim();
  const number = (await row.locator('.c-mrn').innerText()).replace('record no.', '').trim();
  return { name: name.trim(), born, number };
}

export default async function ({ check, note, at, signedIn, goodPage, task }) {
  const editor = await signedIn('qa_editor');
  let patient;
  await check('an editor finds a patient by surname', async () => {
    patient = await somePatient(editor, at);
    assert.match(patient.born, /^\d\d\/\d\d\/\d{4}$/);
  });
  await goodPage(editor, 'search-results');

  const typist = await signedIn('transcriptionist');
  await goodPage(typist, 'queue-typist');
  await typist.page.goto(at('/upload'));
  await goodPage(typist, 'upload');
  const files = Array.from({ length: 60 }, (_, index) => transcript(index + 1, patient));
  await check('sixty files are listed before anything is sent', async () => {
    const { page } = typist;
    await page.getByLabel('Whose PHI is it?').selectOption({ label: CUSTOMER });
    await page.locator('#f-files').setInputFiles(files);
    await page.getByRole('button', { name: 'Upload 60 files' }).waitFor();
    assert.equal(await page.getByRole('table', { name: 'Files to upload' }).locator('tbody tr').count(), 60);
  });
  await goodPage(typist, 'upload-chosen');
  await task(typist, 'typist: sixty files sent, once chosen', { clicks: 1 }, async () => {
    await typist.page.getByRole('button', { name: 'Upload 60 files' }).click();
    await typist.page.locator('#upload-said').filter({ hasText: '60 done' }).waitFor({ timeout: 180_000 });
  });
  await goodPage(typist, 'upload-done');
  await check('every file has its outcome and a way to it', async () => {
    assert.equal(await typist.page.getByRole('link', { name: 'open' }).count(), 60);
    assert.equal(await typist.page.locator('tbody .word.danger').count(), 0);
  });
  await check('a file that is nothing we take is told, and the others are not harmed', async () => {
    const { page } = typist;
    await page.goto(at('/upload'));
    await page.getByLabel('Whose PHI is it?').selectOption({ label: CUSTOMER });
    const bad = { name: 'program.exe', mimeType: 'application/octet-stream', buffer: Buffer.from('MZ\0\0not a document') };
    await page.locator('#f-files').setInputFiles([bad, { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) }, transcript(61, patient)]);
    await page.getByRole('button', { name: /^Upload 2 files$/ }).click();
    await page.locator('#upload-said').filter({ hasText: '1 done, 2 not taken' }).waitFor();
  });
  await goodPage(typist, 'upload-refused', { answers: [413, 415, 422] });

  const { page } = editor;
  await page.goto(at('/unmatched'));
  const waiting = async () => page.getByRole('table', { name: 'Documents' }).locator('tbody tr').count();
  const before = await waiting();
  await check('what names nobody the practice knows waits for a person', async () => {
    assert.ok(before >= 12, `${before} unmatched`);
  });
  await goodPage(editor, 'unmatched');
  await check('the editor matches one by looking for the patient', async () => {
    await page.getByRole('table', { name: 'Documents' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Whose document is it?' }).waitFor();
  });
  await goodPage(editor, 'match');
  await check('somebody else is looked for from the same page', async () => {
    const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Look for this patient' }) });
    if (!(await form.getByLabel('Family name').isVisible())) await page.getByText('It is somebody else').click();
    await form.getByLabel('Family name').fill(patient.name.split(',')[0]);
    await form.getByRole('button', { name: 'Look for this patient' }).click();
    await page.getByRole('heading', { name: 'Whose document is it?' }).waitFor();
    await page.getByRole('radio').first().check();
  });
  await goodPage(editor, 'match-proposals');
  await check('a person confirms, and the document is out of the list', async () => {
    await page.getByRole('button', { name: 'Match to this patient' }).click();
    await page.waitForURL('**/unmatched?done=matched');
    assert.equal(await waiting(), before - 1);
  });

  await page.goto(at('/queue'));
  await goodPage(editor, 'queue');
  await check('the editor reads one and delivers it', async () => {
    const row = page.getByRole('table', { name: 'Documents' }).getByRole('row').filter({ hasText: /Transcribed|Edited|Typed/ });
    await row.first().getByRole('link').click();
    await page.getByRole('button', { name: 'Deliver to the practice' }).waitFor();
  });
  await goodPage(editor, 'document-in-work');
  await check('it is delivered, and can be taken back while nobody has read it', async () => {
    await page.getByRole('button', { name: 'Deliver to the practice' }).click();
    await page.waitForURL('**/queue?done=delivered');
    await page.getByText('Delivered. It can be taken back').waitFor();
  });
  await goodPage(editor, 'queue-delivered');
  note(`${before} were unmatched`);
}
