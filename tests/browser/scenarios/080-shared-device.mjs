// A computer that several people use: locked, switched to somebody else, signed out.

import assert from 'node:assert/strict';

export const title = 'switching person at a shared device, and signing out';

/** Somebody's passkey comes with their phone; `back` brings it home with its counter. */
async function bring(owner, seat) {
  await seat.passkeys.anotherDevice();
  for (const passkey of await owner.passkeys.credentials()) await seat.passkeys.carry(passkey);
  return async () => {
    const used = await seat.passkeys.credentials();
    await owner.passkeys.anotherDevice();
    for (const passkey of used) await owner.passkeys.carry(passkey);
  };
}

export default async function ({ check, at, visitor, signedIn, withPasskey, goodPage, task }) {
  const frida = await signedIn('records_staff', 'Lakeside Pediatrics');
  await withPasskey(frida);
  const ben = await signedIn('ben.cho@demo.example');
  await withPasskey(ben);

  const shared = await visitor();
  const { page } = shared;
  const fridaBack = await bring(frida, shared);
  await check('one signs in at a shared computer and says so', async () => {
    await page.goto(at('/sign-in'));
    await page.getByLabel(/^Other people use this computer too/).check();
    await page.getByRole('button', { name: 'Sign in with my passkey' }).click();
    await page.getByRole('heading', { name: 'To print', level: 1 }).waitFor();
    assert.equal(await page.locator('body').getAttribute('data-idle-secs'), '300');
  });
  await fridaBack();
  const benBack = await bring(ben, shared);
  await task(shared, 'shared device: switch person', { clicks: 1, actions: 1 }, async () => {
    await page.keyboard.press('F9');
    await page.getByRole('button', { name: 'I am somebody else: switch person' }).click();
    await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor();
  });
  await check('the next person sees nothing of the one before', async () => {
    assert.ok(!(await page.locator('header').innerText()).includes('Frida'));
    assert.equal(await page.locator('body').getAttribute('data-idle-secs'), '300', 'it is still a shared computer');
    await page.getByText('Ben Cho, MD').first().waitFor();
    await page.goBack().catch(() => {});
    await page.goto(at('/inbox'));
  });
  await benBack();
  await check('signing out leaves nothing in the browser', async () => {
    await page.getByText('Ben Cho, MD').first().click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    const kept = await page.evaluate(() => ({ local: { ...localStorage }, session: { ...sessionStorage } }));
    assert.deepEqual(kept, { local: {}, session: {} });
    assert.deepEqual((await shared.context.cookies()).filter((cookie) => cookie.value !== ''), []);
    await page.goBack();
    await page.waitForLoadState();
    assert.equal(await page.getByRole('table', { name: 'Documents' }).count(), 0, 'the back button shows no list');
  });
  await page.goto(at('/sign-in'));
  await goodPage(shared, 'sign-in-again');
}
