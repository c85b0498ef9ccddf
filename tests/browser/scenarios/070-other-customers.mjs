// A doctor of one customer asks for what is another's: the same page as for what does not exist.

import assert from 'node:assert/strict';

export const title = 'refused across customers, in the same words as what is not there';

/** A well-formed id that nothing has: another letter before the last. */
function absent(id) {
  const place = id.length - 3;
  return id.slice(0, place) + (id[place] === 'b' ? 'c' : 'b') + id.slice(place + 1);
}

export default async function ({ check, at, signedIn, goodPage }) {
  const records = await signedIn('records_staff', 'Lakeside Pediatrics');
  await records.page.goto(at('/documents'));
  await records.page.getByRole('row').filter({ hasText: 'Delivered' }).first().getByRole('link').first().click();
  await records.page.getByRole('article', { name: 'Text of the document' }).waitFor();
  const document = new URL(records.page.url()).pathname.split('/')[2];
  const surname = (await records.page.getByRole('heading', { level: 1 }).innerText()).split(',')[0];
  await records.page.getByRole('heading', { level: 1 }).getByRole('link').click();
  await records.page.getByRole('heading', { name: 'Documents', level: 2 }).waitFor();
  const patient = new URL(records.page.url()).pathname.split('/')[2];

  const stranger = await signedIn('clinician', 'Harbor Clinic');
  const { page } = stranger;
  const ask = async (path) => {
    const answer = await page.goto(at(path));
    const body = await answer.text();
    return { status: answer.status(), body, path: new URL(page.url()).pathname.replace(path, '') };
  };
  // A form may carry the address that was asked for; nothing else may differ.
  const nameless = (one, id) => ({ ...one, body: one.body.replaceAll(id, 'ID'), path: one.path.replaceAll(id, 'ID') });
  for (const last of ['', '/print', '/versions/1', '/withdraw', '/match', '/move']) {
    await check(`/documents/…${last}: another customer's is answered as one that does not exist`, async () => {
      const theirs = await ask(`/documents/${document}${last}`);
      const nothing = await ask(`/documents/${absent(document)}${last}`);
      assert.deepEqual(nameless(theirs, document), nameless(nothing, absent(document)));
      assert.ok(!theirs.body.includes(surname));
      if (last === '' || last === '/print') assert.equal(theirs.status, 404);
    });
  }
  await ask(`/documents/${document}`);
  await goodPage(stranger, 'not-here', { answers: [404] });
  await check('the original file neither', async () => {
    const answer = async (id) => {
      const got = await stranger.context.request.get(at(`/documents/${id}/file`));
      return { status: got.status(), body: await got.text() };
    };
    const theirs = await answer(document);
    assert.equal(theirs.status, 404);
    assert.deepEqual(theirs, await answer(absent(document)));
  });
  await check('a patient of another customer looks like nobody', async () => {
    const theirs = await ask(`/patients/${patient}`);
    const nobody = await ask(`/patients/${absent(patient)}`);
    assert.deepEqual(nameless(theirs, patient), nameless(nobody, absent(patient)));
    assert.ok(!theirs.body.includes(surname));
  });
  await check('a search finds nothing of it', async () => {
    await page.goto(at('/search'));
    await page.locator('#f-q').fill(surname);
    await page.keyboard.press('Enter');
    await page.locator('.said').waitFor();
    assert.equal(await page.locator(`a[href*="${document}"], a[href*="${patient}"]`).count(), 0);
  });
}
