// A privacy officer answers "who has seen her record?", and takes a misfiled document back, both by the patient's name.
// A clinician sends a dictation; a typist sends a file twice.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

export const title = 'requests of an officer, a dictation, and a file that comes twice';

const LAKESIDE = 'Lakeside Pediatrics';

/** Types into fields one after the other, as somebody at a keyboard does. */
async function type(page, fields) {
  for (const [id, text] of fields) {
    await page.locator(id).focus();
    await page.keyboard.type(text);
  }
}

export default async function (room) {
  const { check, at, signedIn, withPasskey, goodPage, task } = room;

  // Whom the practice has documents of: a name that somebody on the telephone would give.
  const desk = await signedIn('records_staff', LAKESIDE);
  await desk.page.goto(at('/documents'));
  const row = desk.page.getByRole('row').filter({ hasText: 'Delivered' }).first();
  const [family, given] = (await row.getByRole('link').innerText()).split(/,\s*/);

  const officer = await signedIn('privacy_officer');
  const { page } = officer;
  await withPasskey(officer);
  await page.goto(at('/step-up?next=/requests'));
  await page.getByRole('button', { name: 'Touch and go on' }).click();
  await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor();
  await goodPage(officer, 'requests');
  await check('a number and a reason come first', async () => {
    await page.getByRole('button', { name: 'Open the request' }).click();
    await page.getByRole('heading', { name: /another look$/ }).waitFor();
  });
  await goodPage(officer, 'requests-mistakes', { answers: [422] });
  await page.goto(at('/'));
  let trace;
  await task(officer, 'officer: who saw her in a year, by name', { clicks: 4 }, async () => {
    await page.getByRole('link', { name: 'Requests', exact: true }).click();
    await page.getByLabel('Practice').selectOption({ label: LAKESIDE });
    await type(page, [['#f-number', 'R-2026-014'], ['#f-reason', 'She asks who saw her record']]);
    await page.getByRole('button', { name: 'Open the request' }).click();
    await page.getByRole('button', { name: 'Find the patient' }).waitFor();
    await type(page, [['#f-family', family], ['#f-given', given]]);
    await page.getByRole('button', { name: 'Find the patient' }).click();
    await page.getByRole('table', { name: 'Patients found' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: /^Who saw / }).waitFor();
  });
  await goodPage(officer, 'who-saw-her');
  trace = page.url();
  await check('the same comes as a table with its tag', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Take as a table' }).click()]);
    const table = await readFile(await download.path(), 'utf8');
    assert.match(table.split('\r\n')[0], new RegExp(`PHI – ${LAKESIDE}`));
    assert.ok(!download.suggestedFilename().includes(family), 'no name in the name of the file');
  });
  await check('the officer reads no text by that', async () => {
    const href = await page.getByRole('link', { name: /^Withdraw/ }).first().getAttribute('href');
    const answer = await page.request.get(at(href.replace(/\/withdraw.*$/, '')));
    assert.equal(answer.status(), 404);
  });
  await page.goto(at('/'));
  await task(officer, 'officer: withdraw a misfiled document, by name', { clicks: 7 }, async () => {
    await page.getByRole('link', { name: 'Requests', exact: true }).click();
    await page.getByLabel('Practice').selectOption({ label: LAKESIDE });
    await type(page, [['#f-number', 'R-2026-015'], ['#f-reason', 'The practice says it is not hers']]);
    await page.getByRole('button', { name: 'Open the request' }).click();
    await page.getByRole('button', { name: 'Find the patient' }).waitFor();
    await type(page, [['#f-family', family], ['#f-given', given]]);
    await page.getByRole('button', { name: 'Find the patient' }).click();
    await page.getByRole('table', { name: 'Patients found' }).getByRole('link').first().click();
    await page.getByRole('link', { name: /^Withdraw/ }).first().click();
    await page.locator('label', { hasText: 'Wrong patient' }).click();
    await page.getByRole('button', { name: /^Withdraw/ }).click();
    await page.getByText('Withdrawn. It is out of every inbox.').waitFor();
  });
  await goodPage(officer, 'who-saw-her-withdrawn');
  await check('moved from there, the way back is not lost', async () => {
    await page.getByRole('link', { name: /^Move/ }).first().click();
    await page.getByLabel('Family name').fill(family.slice(0, 3));
    await page.getByRole('button', { name: 'Look for this patient' }).click();
    await page.getByRole('radio').first().waitFor();
    await page.getByRole('link', { name: 'Not now' }).click();
    await page.getByRole('heading', { name: /^Who saw / }).waitFor();
  });
  await check('a closed request shows nothing more', async () => {
    for (let left = 2; left > 0; left -= 1) {
      await page.goto(at('/requests'));
      await page.getByRole('row').filter({ hasText: 'open until' }).first().getByRole('link').click();
      await page.getByRole('button', { name: 'Close the request' }).click();
      await page.getByText('The request is closed.').waitFor();
    }
    assert.equal((await page.goto(trace)).status(), 404);
    await page.goto(at('/requests'));
    await page.getByRole('table', { name: 'Requests' }).getByRole('link').first().click();
    await page.getByText('Nothing is shown under this request.').waitFor();
  });
  officer.trouble.splice(0);
  await goodPage(officer, 'request-over');

  const doctor = await signedIn('clinician', LAKESIDE, { width: 390 });
  await check('a doctor sends a letter from a phone, by a plain form', async () => {
    await doctor.page.goto(at('/dictate'));
    const letter = { name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('Dear colleague,\n\nmade up for the browser.\n') };
    await doctor.page.locator('#f-letter').setInputFiles([letter]);
    await doctor.page.getByRole('button', { name: 'Send', exact: true }).click();
    await doctor.page.getByText('1 of 1 taken in').waitFor();
    await doctor.page.goto(at('/dictate'));
    await doctor.page.getByRole('table', { name: 'What you sent' }).getByText('Dictated').first().waitFor();
  });
  await goodPage(doctor, 'dictate');

  const typist = await signedIn('transcriptionist');
  const twice = { name: 'first-name.txt', mimeType: 'text/plain', buffer: Buffer.from('Patient: Nobody Twice\n\nThe same bytes.\n') };
  const send = async (file) => {
    await typist.page.goto(at('/upload'));
    await typist.page.getByLabel('Whose PHI is it?').selectOption({ label: LAKESIDE });
    await typist.page.locator('#f-files').setInputFiles([file]);
    await typist.page.getByRole('button', { name: 'Upload 1 file' }).click();
  };
  await check('a file that came in before is named, and nothing of it is kept', async () => {
    await send(twice);
    await typist.page.locator('#upload-said').filter({ hasText: '1 done' }).waitFor();
    await send({ ...twice, name: 'second-name.txt' });
    await typist.page.getByText(/This file came in on .* as first-name\.txt/).waitFor();
  });
  typist.trouble.splice(0);
  await goodPage(typist, 'upload-came-before');
  await check('kept as a new version when the typist says so', async () => {
    await typist.page.getByRole('button', { name: 'New version of it: second-name.txt' }).click();
    await typist.page.locator('#upload-said').filter({ hasText: '1 done' }).waitFor();
  });
}
