// Pictures of a page at every width, for docs/pictures and for whoever looks into a failed run.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WIDTHS, size } from './chromium.mjs';

/** Writes NAME-1280.png and NAME-390.png of the whole page into `folder`; the window gets its size back. */
export async function takePictures(page, folder, name) {
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`picture names are small letters, digits and dashes: ${name}`);
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize(size(width));
    await page.screenshot({ path: join(folder, `${name}-${width}.png`), fullPage: true, animations: 'disabled' });
  }
  if (before) await page.setViewportSize(before);
}

/** Does the page scroll sideways at this width, in pixels beyond the window; 0 is right. */
export async function sidewaysOverflow(page, width) {
  const before = page.viewportSize();
  await page.setViewportSize(size(width));
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (before) await page.setViewportSize(before);
  return beyond;
}
