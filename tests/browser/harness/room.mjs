// What a scenario gets: people with browsers of their own, checks, axe, pictures and counters.

import { join } from 'node:path';
import { size } from './chromium.mjs';
import { addAuthenticator } from './passkey.mjs';
import { addCounter, beyond } from './counter.mjs';
import { complaints } from './axe.mjs';
import { sidewaysOverflow, takePictures } from './picture.mjs';
import { personOf } from './demo.mjs';

/** A room for one scenario; `close` ends every browser context that was opened in it. */
export function openRoom({ browser, demo, checks, pictures, numbers }) {
  const contexts = [];

  /** A browser of one's own: { page, context, passkeys, counter, trouble }. Nobody is signed in. */
  const visitor = async ({ width = 1280, ...more } = {}) => {
    const context = await browser.newContext({
      viewport: size(width),
      locale: 'en-US',
      timezoneId: 'America/Chicago',
      acceptDownloads: true,
      ...more,
    });
    contexts.push(context);
    const counter = await addCounter(context);
    const page = await context.newPage();
    const passkeys = await addAuthenticator(page);
    return { page, context, passkeys, counter, trouble: watch(page) };
  };

  /** A person of the demo, signed in by their one-time link. */
  const signedIn = async (role, customer, options) => {
    const person = personOf(demo, role, customer);
    const seat = await visitor(options);
    const answer = await seat.page.goto(new URL(person.sign_in_url, demo.url).href);
    if (!answer?.ok()) throw new Error(`signing in as ${role} was answered with ${answer?.status()}`);
    return { ...seat, person };
  };

  /** Everything that every page must hold: no violation, no sideways scrolling, no complaint in the console. */
  const goodPage = async (seat, name) => {
    await checks.check(`${name}: axe finds nothing`, async () => {
      const found = await complaints(seat.page);
      if (found) throw new Error(found);
    });
    await checks.check(`${name}: fits 390 pixels`, async () => {
      const wide = await sidewaysOverflow(seat.page, 390);
      if (wide > 0) throw new Error(`${wide} pixels too wide`);
    });
    await checks.check(`${name}: the browser has nothing to complain about`, async () => {
      const found = seat.trouble.splice(0);
      if (found.length > 0) throw new Error(found.join('\n'));
    });
    if (pictures) await takePictures(seat.page, pictures, name);
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
    check: checks.check,
    note: checks.note,
    visitor,
    signedIn,
    goodPage,
    task,
    /** The address of a path in the demo. */
    at: (path) => new URL(path, demo.url).href,
    /** A picture of what a failed scenario last saw, one for each open page. */
    async lastSeen(folder, name) {
      let number = 0;
      for (const context of contexts) {
        for (const page of context.pages()) {
          number += 1;
          await page.screenshot({ path: join(folder, `failed-${name}-${number}.png`) }).catch(() => {});
        }
      }
    },
    async close() {
      for (const context of contexts) await context.close().catch(() => {});
    },
  };
}

/** Errors that a page makes: uncaught exceptions, blocked content, broken links to its own files. */
function watch(page) {
  const trouble = [];
  page.on('pageerror', (error) => trouble.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') trouble.push(`console: ${message.text()}`);
  });
  return trouble;
}
