// The end of a customer's records: one officer asks, nobody decides what they asked for, another officer does it.

import assert from 'node:assert/strict';

export const title = 'two officers end a customer’s records';

const NAME = 'Elm Street Podiatry';

export default async function ({ check, at, signedIn, goodPage }) {
  const ruth = await signedIn('privacy_officer');
  const sam = await signedIn('security_officer');
  let place;
  await check('a customer whose agreement is not in force can be ended', async () => {
    await ruth.page.goto(at('/customers/new'));
    await ruth.page.getByLabel('Name', { exact: true }).fill(NAME);
    await ruth.page.getByLabel('Telephone').fill('+1 608 555 0199');
    await ruth.page.getByRole('button', { name: 'Add the customer' }).click();
    await ruth.page.getByRole('link', { name: 'Destroy the keys' }).click();
    await ruth.page.getByRole('heading', { level: 1, name: `Destroy the keys of ${NAME}` }).waitFor();
    place = new URL(ruth.page.url()).pathname;
  });
  await goodPage(ruth, 'destruction');
  await check('a wrong name and no reason come back', async () => {
    await ruth.page.getByLabel('Type the customer’s name').fill('Elm Street');
    await ruth.page.getByRole('button', { name: 'Ask a second officer' }).click();
    await ruth.page.getByRole('heading', { name: /another look$/ }).waitFor();
  });
  await goodPage(ruth, 'destruction-mistakes', { answers: [422] });
  await check('it is asked for, and whoever asked cannot decide', async () => {
    await ruth.page.getByLabel('Type the customer’s name').fill(NAME);
    await ruth.page.getByLabel('Why').fill('They never began.');
    await ruth.page.getByRole('button', { name: 'Ask a second officer' }).click();
    await ruth.page.getByText('Another officer decides.').waitFor();
    assert.equal(await ruth.page.getByRole('button', { name: 'Destroy the keys for good' }).count(), 0);
  });
  await goodPage(ruth, 'destruction-waits');
  await check('the second officer is led there from the list', async () => {
    await sam.page.goto(at('/customers'));
    await sam.page.getByRole('link', { name: NAME }).click();
    await sam.page.getByText('They never began.').waitFor();
    assert.equal(new URL(sam.page.url()).pathname, place);
  });
  await goodPage(sam, 'destruction-decide');
  await check('the keys are destroyed and the certificate can be taken along', async () => {
    await sam.page.getByRole('button', { name: 'Destroy the keys for good' }).click();
    await sam.page.getByRole('heading', { name: 'Certificate' }).waitFor();
    const [download] = await Promise.all([sam.page.waitForEvent('download'), sam.page.getByRole('link', { name: /Download it/ }).click()]);
    assert.equal(download.suggestedFilename(), 'certificate-of-destruction.json');
  });
  await goodPage(sam, 'destruction-done');
  await check('a code that no command waits with is answered alike', async () => {
    await ruth.page.goto(at('/terminal'));
    await ruth.page.getByRole('heading', { level: 1, name: 'Confirm a command' }).waitFor();
  });
  await goodPage(ruth, 'terminal');
  await check('and nothing is shown', async () => {
    await ruth.page.getByLabel('Code').fill('AAAA-BBBB');
    await ruth.page.getByRole('button', { name: 'Look what it would do' }).click();
    await ruth.page.getByText('No command waits with this code.').first().waitFor();
  });
  await goodPage(ruth, 'terminal-wrong', { answers: [422] });
}
