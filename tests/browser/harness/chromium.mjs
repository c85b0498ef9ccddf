// A real Chromium with a profile of its own for each run, that calls nobody by itself.

import { chromium } from 'playwright-core';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The browser to drive: $CHROMIUM, else the first known name on the PATH. */
export function chromiumPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
  }
  throw new Error('no Chromium found: install chromium, or set CHROMIUM to its path');
}

/** Starts the browser; playwright gives it a fresh profile folder and removes it afterwards. */
export function startChromium() {
  return chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: [
      // The sandbox needs rights that root in a container does not have; only our own pages are opened.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Widths in pixels at which every page is looked at: a desk and a thumb. */
export const WIDTHS = [1280, 390];

/** Heights in pixels of the windows of those widths. */
const HEIGHTS = { 1280: 900, 390: 844 };

/** The window size for a width. */
export function size(width) {
  return { width, height: HEIGHTS[width] ?? 900 };
}
