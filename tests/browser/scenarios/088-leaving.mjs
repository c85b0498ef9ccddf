// A practice leaves by its manager's word, sees what comes next, and stays after all; an officer sees it and decides nothing.

import assert from 'node:assert/strict';

export const title = 'a practice says that it leaves, and stays after all';

const PRACTICE = 'Northfield Orthopedics';

export default async function ({ check, at, signedIn, withPasskey, goodPage }) {
  const manager = await signedIn('practice_manager', PRACTICE);
  const { page } = manager;
  await withPasskey(manager);
  await page.goto(at('/people'));
  await page.getByRole('link', { name: 'Programs that may' }).click();
  const practice = new URL(page.url()).pathname.replace(/\/programs$/, '');
  await page.goto(at(`${practice}/leaving`));
  await page.getByRole('heading', { level: 1, name: `Leaving: ${PRACTICE}` }).waitFor();
  await goodPage(manager, 'leaving');
  const officer = await signedIn('privacy_officer');
  await check('an officer sees how it stands and has nothing to press', async () => {
    await officer.page.goto(at(`${practice}/leaving`));
    await officer.page.getByText('not decided').waitFor();
    assert.equal(await officer.page.getByRole('main').getByRole('button').count(), 0);
  });
  await goodPage(officer, 'leaving-officer');
  await check('the manager says so, and is told what comes next', async () => {
    await page.getByRole('button', { name: 'We leave' }).click();
    await page.getByText('decided, nothing exported yet').waitFor();
    await page.getByText(/strongroom customer leave export cus_/).waitFor();
  });
  await goodPage(manager, 'leaving-begun');
  await check('records stay open meanwhile', async () => {
    await page.goto(at('/accesses'));
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.goto(at(`${practice}/leaving`));
  });
  await check('and they stay after all', async () => {
    await page.getByRole('button', { name: 'Take it back: we stay' }).click();
    await page.getByText('not decided').waitFor();
  });
}
