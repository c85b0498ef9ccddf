// A house for work, from nothing: the first officer enrols, a second one, a customer with its agreement, a practice
// manager whom the second officer confirms, a doctor whom the manager invites. All of them with real passkeys.

import assert from 'node:assert/strict';
import { startWork } from '../harness/work.mjs';

export const title = 'a house for work, from nothing to its first doctor';

const PRACTICE = 'Elm Street Family Practice';

/** Takes an invitation up: link, words, passkey, recovery codes. */
async function enrol(seat, link, words, label) {
  const { page } = seat;
  await page.goto(link);
  await page.getByLabel('The words you were told').fill(words);
  await page.getByRole('button', { name: 'Accept the invitation' }).click();
  await page.getByLabel('What shall we call this passkey?').fill(label);
  await page.getByRole('button', { name: /passkey$/ }).click();
  await page.getByRole('heading', { name: 'Keep these codes' }).waitFor();
  return page.getByRole('listitem').allInnerTexts();
}

async function goOn({ page }) {
  await page.getByRole('button', { name: 'I have kept them, go on' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/invitation'));
}

/** Officers hold two passkeys, on two things. */
async function secondPasskey({ page, passkeys }) {
  const [first] = await passkeys.credentials();
  // The device that holds the first one is touched, then another one makes the second.
  await page.getByLabel('What shall we call it?').fill('Security key');
  await passkeys.anotherDevice();
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.waitForURL('**/me/passkeys?done=passkey-added');
  await page.getByRole('row', { name: /Security key/ }).waitFor();
  assert.notEqual((await passkeys.credentials())[0].credentialId, first.credentialId);
}

/** Fills and sends the form that invites somebody; hands back what the page shows once. */
async function invite({ page }, { name, email, role }) {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Telephone').fill('+1 608 555 0142');
  if (role) await page.getByLabel(role, { exact: true }).check();
  await page.getByRole('button', { name: 'Make the invitation' }).click();
  await page.getByRole('link', { name: 'Done' }).waitFor();
  const text = (selector) => page.locator(selector).innerText({ timeout: 1_000 }).catch(() => '');
  return { link: await text('#invite-link'), words: await text('.secret.words') };
}

async function fillDate(page, legend, [month, day, year]) {
  const group = page.getByRole('group', { name: legend });
  await group.getByLabel('Month').fill(month);
  await group.getByLabel('Day').fill(day);
  await group.getByLabel('Year').fill(year);
}

export default async function (room) {
  const { binary, check, goodPage } = room;
  const house = await startWork(binary, {
    operator: 'Cedar Transcription',
    officer: 'ruth@cedar.example',
    name: 'Ruth Adeyemi',
    telephone: '+1 608 555 0101',
  });
  const visitor = () => room.visitor({ home: house.url });
  try {
    await story();
  } finally {
    await check('the house for work drains on SIGTERM', async () => {
      assert.equal(await house.stop(), 0, house.said.slice(-20).join('\n'));
    });
  }

  async function story() {
    const at = (path) => new URL(path, house.url).href;
    const ruth = await visitor();
    await check('looking at an invitation uses nothing up', async () => {
      await ruth.page.goto(house.enrolment_url);
      await ruth.page.reload();
      await ruth.page.getByRole('heading', { name: 'You have been invited' }).waitFor();
    });
    await goodPage(ruth, 'invitation');
    await check('wrong words are told at the field', async () => {
      await ruth.page.getByLabel('The words you were told').fill('wrong words');
      await ruth.page.getByRole('button', { name: 'Accept the invitation' }).click();
      await ruth.page.getByRole('heading', { name: 'One thing needs another look' }).waitFor();
    });
    await goodPage(ruth, 'invitation-wrong-words', { answers: [422] });
    await check('right words lead to the page that makes the passkey', async () => {
      await ruth.page.getByLabel('The words you were told').fill(house.spoken);
      await ruth.page.getByRole('button', { name: 'Accept the invitation' }).click();
      await ruth.page.getByRole('heading', { name: /^Make (your passkey|passkey 1 of 2)$/ }).waitFor();
    });
    await goodPage(ruth, 'enrol');
    await check('the first officer makes a passkey and is shown recovery codes', async () => {
      await ruth.page.getByLabel('What shall we call this passkey?').fill('My phone');
      await ruth.page.getByRole('button', { name: /passkey$/ }).click();
      await ruth.page.getByRole('heading', { name: 'Keep these codes' }).waitFor();
      assert.ok((await ruth.page.getByRole('listitem').count()) >= 8);
    });
    await goodPage(ruth, 'recovery-codes');
    const phone = (await ruth.passkeys.credentials())[0];
    await check('the invitation is used up, and the codes are shown once', async () => {
      const other = await visitor();
      await other.page.goto(house.enrolment_url);
      await other.page.getByRole('heading', { name: 'This invitation is over' }).waitFor();
      await goodPage(other, 'invitation-over');
    });
    await goOn(ruth);
    await check('an officer with one passkey is led to the second', async () => {
      assert.equal(new URL(ruth.page.url()).pathname, '/me/passkeys');
      await ruth.page.goto(at('/customers'));
      await ruth.page.goto(at('/'));
      assert.equal(new URL(ruth.page.url()).pathname, '/me/passkeys');
    });
    ruth.trouble.length = 0;
    await check('the second passkey is made on another device', () => secondPasskey(ruth));
    await goodPage(ruth, 'passkeys');

    let mail = await (async () => {
      let found;
      await check('the first officer invites the second one', async () => {
        await ruth.page.goto(at('/staff/invite'));
        found = await invite(ruth, { name: 'Peter Lindqvist', email: 'peter@cedar.example', role: 'Privacy officer' });
        assert.match(found.link, /\/invitation\//);
        assert.notEqual(found.words, '');
      });
      return found;
    })();
    await goodPage(ruth, 'invited');
    const peter = await visitor();
    await check('the second officer enrols with two passkeys', async () => {
      await enrol(peter, mail.link, mail.words, 'My phone');
      await goOn(peter);
      await secondPasskey(peter);
    });

    await check('the customer is added', async () => {
      await ruth.page.goto(at('/customers'));
      await ruth.page.getByRole('link', { name: 'Add a customer' }).first().waitFor();
    });
    await goodPage(ruth, 'customers-empty');
    await ruth.page.getByRole('link', { name: 'Add a customer' }).first().click();
    await check('a form with mistakes comes back with them', async () => {
      await ruth.page.getByRole('button', { name: 'Add the customer' }).click();
      await ruth.page.getByRole('heading', { name: /another look$/ }).waitFor();
    });
    await goodPage(ruth, 'customer-new-mistakes', { answers: [422] });
    await check('the customer is there, and nothing can be uploaded before its agreement', async () => {
      await ruth.page.getByLabel('Name', { exact: true }).fill(PRACTICE);
      await ruth.page.getByLabel('Telephone').fill('+1 608 555 0140');
      await ruth.page.getByRole('button', { name: 'Add the customer' }).click();
      await ruth.page.getByRole('heading', { name: PRACTICE, level: 1 }).waitFor();
      await ruth.page.getByText('There is no agreement yet.').waitFor();
    });
    await goodPage(ruth, 'customer-without-agreement');
    await ruth.page.getByRole('link', { name: 'Record the agreement' }).first().click();
    await ruth.page.getByRole('heading', { name: /^Record the agreement/ }).waitFor();
    await goodPage(ruth, 'agreement-new');
    await check('the agreement is recorded', async () => {
      const { page } = ruth;
      await fillDate(page, 'In force from', ['1', '1', '2026']);
      await page.getByLabel('We report a breach to them within (days)').fill('10');
      await page.getByRole('radio', { name: 'We do, in their name' }).check();
      await page.getByRole('group', { name: /outside the country/ }).getByLabel('No').check();
      await page.getByRole('group', { name: /de-identify/ }).getByLabel('Yes').check();
      await page.getByRole('radio', { name: 'The records go back' }).check();
      for (const number of [1, 2]) {
        await page.locator(`#f-contact${number}_name`).fill(`Contact ${number}`);
        await page.locator(`#f-contact${number}_phone`).fill(`+1 608 555 015${number}`);
        await page.locator(`#f-contact${number}_email`).fill(`contact${number}@elm.example`);
      }
      await page.getByRole('button', { name: 'Record the agreement' }).click();
      await page.getByText(/in force/).first().waitFor();
    });

    await check('the first manager is asked for: the first officer sees the link and no words', async () => {
      await ruth.page.getByRole('link', { name: 'Invite the first manager' }).click();
      mail = await invite(ruth, { name: 'Mara Quist', email: 'mara@elm.example' });
      assert.match(mail.link, /\/invitation\//);
      assert.equal(mail.words, '');
    });
    await goodPage(ruth, 'invited-link-only');
    await check('who asked cannot confirm', async () => {
      await ruth.page.getByRole('link', { name: 'Done' }).click();
      await ruth.page.getByText('waits for a second officer').first().waitFor();
      assert.equal(await ruth.page.getByRole('button', { name: 'Confirm' }).count(), 0);
    });
    await goodPage(ruth, 'customer-invitation-waits');
    await check('the second officer confirms and gets the words', async () => {
      await peter.page.goto(at('/customers'));
      await peter.page.getByRole('link', { name: PRACTICE }).click();
      await peter.page.getByRole('button', { name: 'Confirm' }).click();
      await peter.page.getByRole('heading', { name: /^Confirmed/ }).waitFor();
      mail.words = await peter.page.locator('.secret.words').innerText();
      assert.equal(await peter.page.locator('#invite-link').count(), 0);
    });
    await goodPage(peter, 'invited-words-only');

    const mara = await visitor();
    await check('the manager enrols and is at the people of the practice', async () => {
      await enrol(mara, mail.link, mail.words, 'My phone');
      await goOn(mara);
      await mara.page.getByRole('heading', { name: 'People', level: 1 }).waitFor();
    });
    await check('the manager invites a doctor, alone', async () => {
      await mara.page.getByRole('link', { name: 'Invite a person' }).first().click();
      mail = await invite(mara, { name: 'Ana Reyes, MD', email: 'ana@elm.example', role: 'Clinician' });
      assert.match(mail.link, /\/invitation\//);
      assert.notEqual(mail.words, '');
    });
    const ana = await visitor();
    let codes = [];
    await check('the doctor enrols and has an inbox', async () => {
      codes = await enrol(ana, mail.link, mail.words, 'My phone');
      await goOn(ana);
      await ana.page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor();
    });
    await goodPage(ana, 'inbox-empty');
    await signOutAndIn(ana, at);
    await lockAndUnlock(ana, at);
    await recover(codes, at);
    await check('an old passkey counts: the officer signs in with the first one too', async () => {
      const later = await visitor();
      await later.passkeys.carry(phone);
      await later.page.goto(at('/sign-in'));
      await later.page.getByRole('button', { name: 'Sign in with my passkey' }).click();
      await later.page.waitForURL((url) => url.pathname !== '/sign-in');
    });
  }

  async function signOutAndIn({ page, context }, at) {
    await check('signing out ends the session and says so', async () => {
      const before = await context.cookies();
      await page.getByText('Ana Reyes, MD').first().click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out.').waitFor();
      // The cookie from before opens nothing any more.
      await context.addCookies(before);
      await page.goto(at('/inbox'));
      assert.equal(new URL(page.url()).pathname, '/sign-in');
    });
    await goodPage({ page, trouble: [] }, 'signed-out');
    await check('the passkey alone signs in: nothing is typed', async () => {
      await page.goto(at('/sign-in'));
      await page.getByRole('button', { name: 'Sign in with my passkey' }).click();
      await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor();
    });
  }

  async function lockAndUnlock(seat, at) {
    const { page, context, passkeys } = seat;
    await check('F9 locks: the page is covered, and nothing but the touch is reached', async () => {
      await page.goto(at('/search'));
      await page.locator('#f-q').fill('half a na');
      await Promise.all([page.waitForResponse((answer) => answer.url().endsWith('/lock')), page.keyboard.press('F9')]);
      await page.getByRole('heading', { name: 'Locked' }).waitFor();
      const answer = await context.request.get(at('/inbox'), { maxRedirects: 0 });
      assert.notEqual(answer.status(), 200);
    });
    await goodPage(seat, 'locked-cover');
    await check('another page of a locked session is the lock', async () => {
      const other = await context.newPage();
      await other.goto(at('/inbox'));
      await other.getByRole('heading', { name: 'Locked' }).waitFor();
      await goodPage({ page: other, trouble: [] }, 'locked');
      await other.close();
    });
    await check('a wrong finger does not unlock', async () => {
      await passkeys.refuseVerification();
      await page.getByRole('button', { name: 'It is me: unlock' }).click();
      await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
      await passkeys.acceptVerification();
    });
    await check('one touch brings page and draft back', async () => {
      await page.getByRole('button', { name: 'It is me: unlock' }).click();
      await page.getByRole('heading', { name: 'Search', level: 1 }).waitFor();
      assert.equal(await page.locator('#f-q').inputValue(), 'half a na');
      await page.goto(at('/inbox'));
      await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor();
    });
  }

  async function recover(codes, at) {
    const lost = await visitor();
    await check('a recovery code opens a new enrolment and nothing else', async () => {
      await lost.page.goto(at('/sign-in'));
      await lost.page.getByText('I have lost my passkey').click();
      await lost.page.getByLabel('Your e-mail address').fill('ana@elm.example');
      await lost.page.getByLabel('One of your recovery codes').fill(codes[0]);
      await lost.page.getByRole('button', { name: 'Use this code' }).click();
      await lost.page.getByRole('heading', { name: 'Keep this link' }).waitFor();
      assert.equal((await lost.context.cookies()).length, 0, 'nobody is signed in by it');
    });
    await goodPage(lost, 'recover');
  }
}
