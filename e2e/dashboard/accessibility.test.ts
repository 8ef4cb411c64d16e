import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, expectAccessibleInBothThemes } from './axe.ts';
import { expectReadableAt400, NARROW, WIDE } from './browser.ts';
import { type Filled, fillPages } from './fill-pages.ts';
import { openPage, sendEvent, startParts, waitForLive } from './parts.ts';

/** Every page, and what stands on it once it has loaded. */
const PAGES = {
  '/overview': 'figure',
  '/live': 'main :text("Connected.")',
  '/events': 'main [data-row]',
  '/normalized': 'main [data-row]',
  '/aggregates': 'main figure',
  '/devices': 'main tbody tr',
  '/dead-letters': 'main li',
  '/requests': 'main [data-row]',
  '/operations': 'main [data-row]',
  '/send': 'main .cm-content',
  '/sources': 'main [data-row]',
  '/schedules': 'main tbody tr',
  '/queues': 'main tr[data-process]',
  '/replication': 'main :text("There is no backup")',
  '/keys': 'main tbody tr',
  '/audit': 'main [data-row]',
  '/settings': 'main input',
  '/sign-in': 'h1',
} as const;

/** The pages of one thing each. */
const OF_ONE = {
  'a record': [({ eventId }) => `/events/${eventId}`, 'main table'],
  'a duplicate': [({ duplicateId }) => `/events/${duplicateId}`, 'main :text("Duplicate check")'],
  'a group of dead letters': [({ fingerprint }) => `/dead-letters/${fingerprint}`, 'main [data-row]'],
  'a replay': [({ operationId }) => `/operations/${operationId}`, 'main :text("to be seen")'],
  'a device': [() => '/devices/D-1', 'main h1'],
  'an event that is not there': [
    () => `/events/evt_${'0'.repeat(32)}`,
    'main :text("There is no such event")',
  ],
  'a source': [() => '/sources/till', 'main :text("Revision 1")'],
} satisfies Readonly<Record<string, readonly [(filled: Filled) => string, string]>>;

const STATIONS = ['Received', 'Verified', 'Queued', 'Normalized', 'Stored', 'Replicated'];

describe('accessibility of the dashboard', () => {
  const parts = startParts();
  let shared: Page;
  let filled: Filled;
  beforeAll(async () => {
    filled = await fillPages(parts());
    shared = await openPage(parts(), '/settings');
  });

  /** Looks at a page in both themes, as wide as on a telephone, and as narrow as at 400 %. */
  async function look(path: string, shown: string): Promise<void> {
    const page = shared;
    await page.setViewportSize(WIDE);
    await page.goto(new URL(path, page.url()).href);
    await page.locator(shown).first().waitFor();
    await page.locator('main [aria-busy="true"]').first().waitFor({ state: 'detached' });
    await expectAccessibleInBothThemes(page);
    await page.setViewportSize(NARROW);
    await expectAccessible(page);
    await expectReadableAt400(page);
  }

  it.each(Object.keys(PAGES) as (keyof typeof PAGES)[])(
    '%s has nothing that axe objects to, in either scheme and on a telephone, and can be read fourfold',
    (path) => look(path, PAGES[path]),
  );

  it.each(Object.keys(OF_ONE) as (keyof typeof OF_ONE)[])('so has the page of %s', async (name) => {
    const [toPath, shown] = OF_ONE[name];
    await look(toPath(filled), shown);
  });

  it('has nothing that axe objects to in any state: empty, error, dialog, keys awaited, settings', async () => {
    const page = await openPage(parts(), '/events?source=nobody');
    await page.getByText('No events of nobody').waitFor();
    await expectAccessibleInBothThemes(page);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await expectAccessibleInBothThemes(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await expectAccessible(page);
    await page.route('**/api/events/raw*', (route) => route.abort());
    await page.getByRole('alert').filter({ hasText: 'could not be loaded' }).waitFor();
    await expectAccessibleInBothThemes(page);
    await page.context().close();
  });

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
});

/** What a screen reader is told of a part, without what differs from run to run. */
async function read(page: Page, selector: string): Promise<string> {
  const snapshot = await page.locator(selector).first().ariaSnapshot();
  return snapshot
    .replaceAll(/evt_[0-9a-f]{32}/g, 'evt_<id>')
    .replaceAll(/evt_[0-9a-f]+…/g, 'evt_…')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, '<time>')
    .replaceAll(/(?:\d+ (?:h|min|s) ?)+ago|just now/g, '<age>');
}
