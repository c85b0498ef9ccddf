// Whose a document is: a note that fits one patient is chosen beforehand, one with slips is not, and one whose text names somebody
// else too is not delivered before a person has looked.

import assert from 'node:assert/strict';

export const title = 'a person says whose it is, and is asked when a text names somebody else';

const CUSTOMER = 'Lakeside Pediatrics';

function note(name, lines) {
  const text = [...lines, '', 'ASSESSMENT', `Made-up text ${name}. No such person exists.`, ''].join('\n');
  return { name, mimeType: 'text/plain', buffer: Buffer.from(text) };
}

async function uploaded({ page }, at, file) {
  await page.goto(at('/upload'));
  await page.getByLabel('Whose PHI is it?').selectOption({ label: CUSTOMER });
  await page.locator('#f-files').setInputFiles([file]);
  await page.getByRole('button', { name: 'Upload 1 file' }).click();
  await page.locator('#upload-said').filter({ hasText: '1 done' }).waitFor();
  return page.getByRole('link', { name: 'open' }).getAttribute('href');
}

export default async function ({ check, at, signedIn, goodPage }) {
  const editor = await signedIn('qa_editor');
  const { page } = editor;
  await page.goto(at('/search'));
  await page.locator('#f-q').fill('Abbott');
  await page.locator('#main').getByRole('button', { name: 'Search' }).first().click();
  const row = page.getByRole('table', { name: 'Patients' }).getByRole('row').nth(1);
  const name = (await row.getByRole('rowheader').innerText()).trim();
  const born = (await row.locator('.c-born').innerText()).replace('born', '').trim();
  const number = (await row.locator('.c-mrn').innerText()).replace('record no.', '').trim();
  const [family, given] = name.split(',').map((part) => part.trim());

  const typist = await signedIn('transcriptionist');
  const initial = note('initial.txt', [`Patient: ${family}, ${given[0]}.`, `DOB: ${born}`, `MRN: ${number}`]);
  const fits = await uploaded(typist, at, initial);
  const chosen = page.locator('.proposal:has(input:checked)');
  await check('a note that fits one patient comes with that patient chosen', async () => {
    await page.goto(at(`${fits}/match`));
    await chosen.getByText('Fits', { exact: true }).waitFor();
    await chosen.getByText('given name: an initial').waitFor();
    assert.match(await chosen.innerText(), new RegExp(number));
  });
  await goodPage(editor, 'match-fits');
  await check('one press says whose it is', async () => {
    await page.getByRole('button', { name: 'Match to this patient' }).click();
    await page.waitForURL('**/unmatched?done=matched');
  });

  const [month, day, year] = born.split('/');
  const digit = (Number(year[3]) + 1) % 10;
  const slip = note('slip.txt', [`Patient: ${name}`, `DOB: ${month}/${day}/${year.slice(0, 3)}${digit}`]);
  const mayFit = await uploaded(typist, at, slip);
  await check('one with a slip in the birth date may fit, and nobody is chosen', async () => {
    await page.goto(at(`${mayFit}/match`));
    await page.getByText('birth date: one digit differs').first().waitFor();
    assert.equal(await chosen.count(), 0);
  });
  await goodPage(editor, 'match-may-fit');

  const two = note('two.txt', [`Patient: ${name}`, `DOB: ${born}`, `MRN: ${number}`, 'Dictated by: Ana Reyes, MD', '', 'SUBJECTIVE: cough.', '', '\f',
    'Patient: Overcast, Basil', 'DOB: 03/01/2012', 'MRN: LP-77120', '', 'SUBJECTIVE: rash.']);
  const asked = await uploaded(typist, at, two);
  await check('a text that names somebody else too is not delivered unasked', async () => {
    await page.goto(at(asked));
    await page.getByText('This text names somebody else: Overcast, Basil').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Deliver to the practice' }).count(), 0);
  });
  await goodPage(editor, 'document-names-others');
  await check('and is delivered when a person says so', async () => {
    await page.getByRole('button', { name: 'Deliver anyway' }).click();
    await page.waitForURL('**/queue?done=delivered');
  });
}
