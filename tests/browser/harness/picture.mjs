// Pictures of a page at every width, for docs/pictures and for whoever looks into a failed run.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WIDTHS, size } from './chromium.mjs';
import { smaller } from './png.mjs';

/** The highest picture, in pixels: of a longer page only the beginning is shown. */
const HEIGHT_MAX = 1800;

/** Writes NAME-1280.png and NAME-390.png of the whole page into `folder`; the window gets its size back. */
export async function takePictures(page, folder, name) {
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`picture names are small letters, digits and dashes: ${name}`);
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize();
  // Nothing is hovered, and the strip at a phone's lower edge stands at the end of the page and not amid it.
  await page.mouse.move(0, 0);
  for (const width of WIDTHS) {
    await page.setViewportSize(size(width));
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: Math.min(Math.max(height, size(width).height), HEIGHT_MAX) });
    const picture = await page.screenshot({ animations: 'disabled' });
    await writeFile(join(folder, `${name}-${width}.png`), smaller(picture));
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
