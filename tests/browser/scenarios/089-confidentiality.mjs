// What is sensitive is kept to those who treat: the manager's rule, an author's word on one document, and what records staff
// no longer find.

import assert from 'node:assert/strict';

export const title = 'what is sensitive is kept to those who treat';

const PRACTICE = 'Lakeside Pediatrics';

export default async function ({ check, at, signedIn, withPasskey, goodPage }) {
  const manager = await signedIn('practice_manager', PRACTICE);
  await withPasskey(manager);
  const desk = manager.page;
  await desk.goto(at('/people'));
  await desk.getByRole('link', { name: 'What is restricted' }).click();
  await desk.getByRole('heading', { level: 1, name: `What is restricted at ${PRACTICE}` }).waitFor();
  await goodPage(manager, 'restricted');
  await check('the manager keeps one more kind to those who treat', async () => {
    await desk.getByLabel('HIV').selectOption({ label: 'Those who treat the patient' });
    await desk.getByRole('button', { name: 'Save' }).click();
    await desk.getByText('Saved. That holds from now on.').waitFor();
    assert.equal(await desk.getByLabel('HIV').inputValue(), 'restricted');
  });
  const officer = await signedIn('privacy_officer');
  await check('an officer sees the rule and has nothing to press', async () => {
    await officer.page.goto(desk.url().split('?')[0]);
    await officer.page.getByText("The practice's manager decides this.").waitFor();
    assert.equal(await officer.page.getByRole('main').getByRole('button').count(), 0);
  });
  await goodPage(officer, 'restricted-officer');

  const author = await signedIn('ben.cho@demo.example');
  const { page } = author;
  await page.goto(at('/documents'));
  const mine = page.getByRole('table', { name: 'Documents' }).getByRole('link');
  let path;
  await check('the author says that one document is for them alone', async () => {
    const count = Math.min(await mine.count(), 10);
    const paths = [];
    for (let place = 0; place < count; place += 1) paths.push(await mine.nth(place).getAttribute('href'));
    for (const one of paths) {
      await page.goto(at(one));
      if ((await page.getByRole('link', { name: 'Who may see it' }).count()) > 0) {
        path = one;
        break;
      }
    }
    assert.ok(path, 'the author has a document');
    await page.getByRole('link', { name: 'Who may see it' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Who may see this document' }).waitFor();
  });
  await goodPage(author, 'who-may-see');
  await check('and it says so', async () => {
    await page.getByLabel('Its author alone').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('its author alone (as its author has said)').waitFor();
  });
  await goodPage(author, 'document-restricted');
  const records = await signedIn('records_staff', PRACTICE);
  await check('records staff find it no more, and are shown the glass', async () => {
    const answer = await records.page.goto(at(path));
    assert.equal(answer.status(), 404);
  });
  await check('until the author opens it again', async () => {
    await page.goto(at(`${path}/confidentiality`));
    await page.getByLabel("Everybody who works with the practice's documents").check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. That holds from now on.').waitFor();
    const answer = await records.page.goto(at(path));
    assert.equal(answer.status(), 200);
  });
}
