// A doctor signs in by the demo's one-time link and sees the inbox; the link works once; a stranger sees no inbox.

import assert from 'node:assert/strict';

export const title = 'signing in and the inbox';

export default async function ({ demo, check, at, visitor, signedIn, goodPage }) {
  const stranger = await visitor();
  await check('a stranger is sent to the sign-in page', async () => {
    await stranger.page.goto(at('/'));
    assert.equal(new URL(stranger.page.url()).pathname, '/sign-in');
  });
  await goodPage(stranger, 'sign-in');

  const doctor = await signedIn('clinician');
  await check('a doctor who follows the link is inside', async () => {
    const { pathname, search } = new URL(doctor.page.url());
    assert.notEqual(pathname, '/sign-in');
    assert.equal(search, '', 'nothing of the link stays in the address');
    await doctor.page.getByRole('heading', { level: 1 }).waitFor();
  });
  await check('every page that shows PHI wears the tag', async () => {
    await doctor.page.getByText(/PHI – /).first().waitFor({ timeout: 5_000 });
  });
  await goodPage(doctor, 'inbox');

  await check('the cookie is for this host, for https, and out of the reach of scripts', async () => {
    const cookies = await doctor.context.cookies();
    const session = cookies.find((cookie) => cookie.name === '__Host-strongroom');
    assert.ok(session, 'there is a session cookie');
    assert.deepEqual([session.secure, session.httpOnly, session.sameSite, session.path], [true, true, 'Strict', '/']);
  });

  await check('the one-time link works once', async () => {
    const thief = await visitor();
    await thief.page.goto(new URL(doctor.person.sign_in_url, demo.url).href);
    const cookies = await thief.context.cookies();
    assert.equal(cookies.filter((cookie) => cookie.name === '__Host-strongroom').length, 0);
  });
}
