import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { expectAccessible } from './browser.ts';
import { openPage, type Parts, sendEvent, waitForLive } from './parts.ts';

const STATIONS = ['Received', 'Verified', 'Queued', 'Normalized', 'Stored', 'Replicated'];

/** As wide as 1,280 px at 400 %. */
const NARROWEST = { width: 320, height: 800 };

/** Expects that a page can be read without scrolling sideways on a narrow screen, or at 400 %. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  await page.setViewportSize(NARROWEST);
  const { wide, widest } = await page.evaluate(() => {
    const root = document.documentElement;
    const over = [...document.querySelectorAll('body *')].filter(
      (one) => one.getBoundingClientRect().right > root.clientWidth + 1 && one.checkVisibility(),
    );
    return {
      wide: root.scrollWidth - root.clientWidth,
      widest: over.slice(0, 3).map((one) => one.outerHTML.slice(0, 120)),
    };
  });
  expect(wide, `${page.url()} ${widest.join(' | ')}`).toBeLessThanOrEqual(0);
}

/** Adds the tests of accessibility that are not those of each page. */
export function addAccessibilityTests(parts: () => Parts): void {
  it('has nothing that axe objects to in any state: empty, error, dialog, keys awaited, settings', async () => {
    const page = await openPage(parts(), '/events?source=nobody');
    await page.getByText('No events of nobody').waitFor();
    await expectInBothSchemes(page);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await expectInBothSchemes(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await expectAccessible(page);
    await page.route('**/api/events/raw*', (route) => route.abort());
    await page.getByRole('alert').filter({ hasText: 'could not be loaded' }).waitFor();
    await expectInBothSchemes(page);
    await page.context().close();
  }, 120_000);

  it('has one polite status from the start, and says in it what arrives', async () => {
    const page = await openPage(parts(), '/events');
    await waitForLive(page);
    const status = page.getByRole('status');
    await expect.poll(() => status.count()).toBe(1);
    await sendEvent(parts(), { source: 'spoken', payload: { metric: 's', amount: 1, timestamp: 1 } });
    await expect.poll(() => status.textContent(), { timeout: 20_000 }).toMatch(/\d+ new /);
    await page.context().close();
  });

  it('keeps its glyphs in forced colours, and stands still where motion is not wanted', async () => {
    const page = await openPage(parts(), '/events', { forcedColors: 'active', reducedMotion: 'reduce' });
    const glyph = page.locator('main [data-row] svg').first();
    await glyph.waitFor();
    const colours = await glyph.evaluate((one) => [
      getComputedStyle(one).color,
      getComputedStyle(document.body).backgroundColor,
    ]);
    expect(colours[0]).not.toBe(colours[1]);
    const moving = await page.evaluate(() =>
      document.getAnimations().filter((one) => Number(one.effect?.getComputedTiming().duration) > 1),
    );
    expect(moving).toEqual([]);
    await page.context().close();
  });

  it('reads out table, rail and dialog as what they are', async () => {
    const id = await sendEvent(parts(), {
      source: 'aria',
      payload: { metric: 'aria', amount: 1, timestamp: 1 },
    });
    await parts().sluice.settled();
    const page = await openPage(parts(), '/events?source=aria');
    await page.locator(`[data-row="${id}"]`).waitFor();
    expect(await read(page, 'table')).toMatchInlineSnapshot(`
      "- table "Events":
        - rowgroup:
          - row "Selected Status Event Source Via Received Age Attempts Size Last error":
            - columnheader "Selected"
            - columnheader "Status"
            - columnheader "Event"
            - columnheader "Source"
            - columnheader "Via"
            - columnheader "Received"
            - columnheader "Age"
            - columnheader "Attempts"
            - columnheader "Size"
            - columnheader "Last error"
        - rowgroup:
          - row "Select evt_<id> Normalized evt_… aria api <time> <age> 1 70 B":
            - cell "Select evt_<id>":
              - checkbox "Select evt_<id>"
            - cell "Normalized"
            - cell "evt_…":
              - code: evt_…
            - cell "aria"
            - cell "api"
            - cell "<time>":
              - time: <time>
            - cell "<age>"
            - cell "1"
            - cell "70 B"
            - cell"
    `);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await read(page, '[role="dialog"] header')).toMatchInlineSnapshot(`
      "- heading "Keys" [level=2]
      - button "Close":
        - img"
    `);
    await page.goto(new URL('/overview', page.url()).href);
    await page.getByRole('list', { name: 'The way of the events' }).waitFor();
    const rail = await read(page, 'ol[aria-label="The way of the events"]');
    expect(rail.match(/listitem/g)).toHaveLength(STATIONS.length);
    expect(rail.match(new RegExp(STATIONS.join('|'), 'g'))).toEqual(STATIONS);
    await page.context().close();
  });
}

async function expectInBothSchemes(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await expectAccessible(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectAccessible(page);
}

/** What a screen reader is told of a part, without what differs from run to run. */
async function read(page: Page, selector: string): Promise<string> {
  const snapshot = await page.locator(selector).first().ariaSnapshot();
  return snapshot
    .replaceAll(/evt_[0-9a-f]{32}/g, 'evt_<id>')
    .replaceAll(/evt_[0-9a-f]+…/g, 'evt_…')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, '<time>')
    .replaceAll(/(?:\d+ (?:h|min|s) ?)+ago|just now/g, '<age>');
}
