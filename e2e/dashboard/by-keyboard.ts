import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

const MAX_STEPS = 80;

/** Presses Tab until something has the focus; fails when the focus cannot be seen on the way. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
    await expectFocusSeen(page);
  }
  throw new Error(`${target} is not reached by ${MAX_STEPS} presses of Tab.`);
}

/** Expects that whatever has the focus shows it; an editor does so a moment later. */
export async function expectFocusSeen(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(findUnseenFocus), { interval: 20 }).toBeNull();
}

/** What has the focus without showing it; null = it can be seen. Runs in the page. */
function findUnseenFocus(): string | null {
  const focused = document.activeElement;
  // Past the last element the focus is the browser's own.
  if (focused === null || focused === document.body) return null;
  for (let at: Element | null = focused, up = 0; at !== null && up < 4; at = at.parentElement, up += 1) {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
    if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) return null;
    if (at === focused && boxShadow !== 'none') return null;
  }
  return focused.outerHTML.slice(0, 200);
}

/** Expects that Tab goes round within a dialog. */
export async function expectFocusTrapped(page: Page, dialog: Locator): Promise<void> {
  const element = await dialog.elementHandle();
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press(step < 8 ? 'Tab' : 'Shift+Tab');
    await expectFocusSeen(page);
    expect(await page.evaluate((one) => one?.contains(document.activeElement), element)).toBe(true);
  }
}
