import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { run } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Stands in every page into which the file below was put. */
declare const axe: { readonly run: typeof run };

const SCHEME = 'data-mantine-color-scheme';

const AXE_FILE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Expects that axe finds nothing on a page as it stands, once nothing on it moves. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(waitForRest);
  const isThere = await page.evaluate(() => 'axe' in globalThis);
  if (!isThere) await page.evaluate(await readFile(AXE_FILE, 'utf8'));
  expect(await page.evaluate(findViolations), page.url()).toEqual([]);
}

/** Expects that axe finds nothing on a page in either theme; it is dark afterwards. */
export async function expectAccessibleInBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // The page for signing in has no script for its colours, and needs none.
    await page.locator(`html:not([${SCHEME}]), html[${SCHEME}="${colorScheme}"]`).waitFor();
    await expectAccessible(page);
  }
}

/** Waits for the transitions that have begun: colours on their way are nobody's choice. Runs in the page. */
async function waitForRest(): Promise<void> {
  const moving = document
    .getAnimations()
    .filter(
      ({ effect, playState }) => playState === 'running' && effect?.getComputedTiming().endTime !== Infinity,
    );
  await Promise.allSettled(moving.map(({ finished }) => finished));
}

/**
 * Runs every rule of axe that is on by default; of what is in order it makes no list, which would take most of the time. Runs
 * in the page.
 */
async function findViolations(): Promise<readonly string[]> {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
