// Software that works for a practice: its manager lets it in by its public key, with the rights that are ticked, and stops it.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';

export const title = 'a manager lets a program in, and stops it';

const NAME = 'Northfield Scheduler';

export default async function ({ check, at, signedIn, withPasskey, goodPage }) {
  const manager = await signedIn('practice_manager', 'Northfield Orthopedics');
  const { page } = manager;
  await withPasskey(manager);
  await page.goto(at('/people'));
  await page.getByRole('link', { name: 'Programs that may' }).click();
  await page.getByRole('heading', { level: 1, name: 'Programs' }).waitFor();
  await goodPage(manager, 'programs');
  await check('a program without a right and without a key is not let in, and what was typed stays', async () => {
    await page.getByLabel('What it is called').fill(NAME);
    await page.getByRole('button', { name: 'Let it in' }).click();
    await page.getByRole('heading', { name: /another look$/ }).waitFor();
    assert.equal(await page.getByLabel('What it is called').inputValue(), NAME);
  });
  await goodPage(manager, 'programs-mistakes', { answers: [422] });
  await check('a private key is refused and not shown again', async () => {
    const jwk = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' });
    await page.getByLabel('Find patients, and see what is known of each').check();
    await page.getByLabel('Its public key (JWK)').fill(JSON.stringify({ ...jwk, kid: 'one', alg: 'ES384', use: 'sig' }));
    await page.getByRole('button', { name: 'Let it in' }).click();
    await page.getByText(/^This is a private key/).first().waitFor();
    assert.ok(!(await page.content()).includes(jwk.d), 'the private part came back');
  });
  await goodPage(manager, 'programs-private-key', { answers: [422] });
  await check('with its public key it is let in', async () => {
    const jwk = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
    await page.getByLabel('Its public key (JWK)').fill(JSON.stringify({ ...jwk, kid: 'one', alg: 'ES384', use: 'sig' }));
    await page.getByRole('button', { name: 'Let it in' }).click();
    await page.getByRole('row').filter({ hasText: NAME }).getByText('never came').waitFor();
  });
  await goodPage(manager, 'programs-one-more');
  await check('it is stopped for good, after one more look', async () => {
    const row = page.getByRole('row').filter({ hasText: NAME });
    await row.getByText(`Stop ${NAME}`).click();
    await row.getByRole('button', { name: 'Stop it for good' }).click();
    await page.getByRole('row').filter({ hasText: NAME }).getByText('stopped').first().waitFor();
    assert.equal(await page.getByRole('row').filter({ hasText: NAME }).getByRole('button').count(), 0);
  });
}
