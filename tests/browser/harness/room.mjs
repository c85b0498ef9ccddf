// What a scenario gets: people with browsers of their own, checks, axe, pictures and counters.

import { join } from 'node:path';
import { size } from './chromium.mjs';
import { addAuthenticator } from './passkey.mjs';
import { addCounter, beyond } from './counter.mjs';
import { complaints } from './axe.mjs';
import { sidewaysOverflow, takePictures } from './picture.mjs';
import { personOf } from './demo.mjs';

/** How long a page may take to answer, in milliseconds: two busy cores and a debug build. */
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 30_000);

/** A room for one scenario; `close` ends every browser context that was opened in it. */
export function openRoom({ browser, demo, binary, checks, pictures, numbers, people, looked }) {
  const seats = [];

  /** A browser of one's own at `home`: { page, context, passkeys, counter, trouble }. Nobody is signed in. */
  const visitor = async ({ width = 1280, home = demo.url, ...more } = {}) => {
    const context = await browser.newContext({
      viewport: size(width),
      locale: 'en-US',
      timezoneId: 'America/Chicago',
      colorScheme: 'light',
      acceptDownloads: true,
      ...more,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const counter = await addCounter(context);
    const page = await context.newPage();
    // The first page with an opener policy moves to a process of its own, and a virtual authenticator does not move
    // along: it is put in once the page is at home.
    await page.goto(new URL('/sign-in', home).href);
    const passkeys = await addAuthenticator(page);
    const seat = { page, context, passkeys, counter, trouble: watch(page) };
    seats.push(seat);
    return seat;
  };

  /**
   * A person of the demo, by role and customer or by e-mail address. The first time by their one-time link; after
   * that their session and their passkeys are where they left them.
   */
  const signedIn = async (who, customer, options) => {
    const person = personOf(demo, who, customer);
    const kept = people.get(person.email);
    const seat = await visitor({ ...options, storageState: kept?.state });
    seat.person = person;
    for (const passkey of kept?.passkeys ?? []) await seat.passkeys.carry(passkey);
    const answer = await seat.page.goto(kept ? new URL('/', demo.url).href : new URL(person.sign_in_url, demo.url).href);
    if (!answer?.ok()) throw new Error(`signing in as ${who} was answered with ${answer?.status()}`);
    if (new URL(seat.page.url()).pathname === '/sign-in') {
      // They signed out in an earlier scenario: now only a passkey lets them in.
      await seat.page.getByRole('button', { name: 'Sign in with my passkey' }).click();
      await seat.page.waitForURL((url) => url.pathname !== '/sign-in');
    }
    // Somebody may sit in two places in one story.
    if (!kept) await keep(people, seat);
    return seat;
  };

  /** Gives a person of the demo a passkey, by the page for it. */
  const withPasskey = async (seat) => {
    if ((await seat.passkeys.count()) > 0) return;
    await seat.page.goto(new URL('/me/passkeys', demo.url).href);
    await seat.page.getByLabel('What shall we call it?').fill('My phone');
    await seat.page.getByRole('button', { name: 'Add a passkey' }).click();
    await seat.page.waitForURL('**/me/passkeys?done=passkey-added');
  };

  /** Everything that every page must hold: no violation, no sideways scrolling, no complaint in the console. */
  const goodPage = async (seat, name, { answers = [] } = {}) => {
    const { page } = seat;
    looked.add(name);
    await checks.check(`${name}: axe finds nothing`, async () => {
      const found = [];
      for (const colorScheme of ['dark', 'light']) {
        await page.emulateMedia({ colorScheme });
        const said = await complaints(page);
        if (said) found.push(`${colorScheme}: ${said}`);
      }
      if (found.length > 0) throw new Error(found.join('\n'));
    });
    await checks.check(`${name}: fits 390 pixels`, async () => {
      const wide = await sidewaysOverflow(page, 390);
      if (wide > 0) throw new Error(`${wide} pixels too wide`);
    });
    await checks.check(`${name}: the browser has nothing to complain about`, async () => {
      // The browser reports an error page's own status as a failed resource; that is the page, not a fault of it.
      const expected = (line) => answers.some((status) => line.includes(`responded with a status of ${status}`));
      const found = seat.trouble.splice(0).filter((line) => !expected(line));
      if (found.length > 0) throw new Error(found.join('\n'));
    });
    if (pictures) await takePictures(page, pictures, name);
  };

  /** A counted task: runs it, notes what it took, and checks that against what it may take. */
  const task = async (seat, name, allowed, run) => {
    seat.counter.begin();
    await checks.check(name, async () => {
      await run();
      const taken = seat.counter.read();
      numbers.push({ task: name, ...taken, allowed });
      checks.note(`${name}: ${taken.clicks} clicks, ${taken.keys} keys in ${taken.actions} actions, ${taken.seconds} s`);
      const over = beyond(taken, allowed);
      if (over.length > 0) throw new Error(over.join('; '));
    });
  };

  return {
    demo,
    binary,
    numbers,
    pictures,
    looked,
    check: checks.check,
    note: checks.note,
    visitor,
    signedIn,
    withPasskey,
    goodPage,
    task,
    /** The address of a path in the demo. */
    at: (path) => new URL(path, demo.url).href,
    /** A picture of what a failed scenario last saw, one for each open page. */
    async lastSeen(folder, name) {
      let number = 0;
      for (const { context } of seats) {
        for (const page of context.pages()) {
          number += 1;
          await page.screenshot({ path: join(folder, `failed-${name}-${number}.png`) }).catch(() => {});
        }
      }
    },
    async close() {
      for (const seat of seats) {
        if (seat.person) await keep(people, seat).catch(() => {});
        await seat.context.close().catch(() => {});
      }
    },
  };
}

/** What a person takes to the next scenario: session, and passkeys with their counters as they stand. */
async function keep(people, seat) {
  const passkeys = await seat.passkeys.credentials();
  people.set(seat.person.email, { state: await seat.context.storageState(), passkeys });
}

/** Errors that a page makes: uncaught exceptions, blocked content, broken links to its own files. */
function watch(page) {
  const trouble = [];
  page.on('pageerror', (error) => trouble.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') trouble.push(`console: ${message.text()} at ${message.location().url}`);
  });
  return trouble;
}
