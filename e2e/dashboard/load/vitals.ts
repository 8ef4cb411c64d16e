import type { Page } from 'playwright-core';

/** What the browser says of the pages. */
export type Vitals = {
  /** Of the slowest page, https://web.dev/articles/lcp, in ms. */
  readonly lcp: { readonly path: string; readonly value: number };
  /** The 75th percentile of all that was pressed, https://web.dev/articles/inp, in ms. */
  readonly inpMs: number;
  /** Of the page that moved most, https://web.dev/articles/cls */
  readonly cls: { readonly path: string; readonly value: number };
};

type Seen = { lcp: number; shift: number; readonly interactions: Record<number, number> };

const PAGES = ['/overview', '/live', '/events', '/aggregates', '/dead-letters', '/queues', '/send'];

/**
 * Opens pages, uses each by keys and by mouse, and gathers what the browser says of them.
 *
 * @throws Error when it said nothing of a page's largest paint, or of any interaction
 */
export async function measureVitals(open: (path: string) => Promise<Page>): Promise<Vitals> {
  const page = await open('/settings');
  await page.addInitScript(watch);
  const all: (Seen & { readonly path: string })[] = [];
  for (const path of PAGES) {
    await page.goto(new URL(path, page.url()).href);
    await page.locator('[data-connection="live"]').waitFor();
    await page.locator('main [aria-busy="true"]').first().waitFor({ state: 'detached' });
    await use(page);
    all.push({ path, ...(await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen)) });
  }
  await page.close();
  const took = all.flatMap(({ interactions }) => Object.values(interactions)).toSorted((a, b) => a - b);
  const unseen = all.find(({ lcp }) => !(lcp > 0));
  if (unseen !== undefined)
    throw new Error(`The browser told nothing of the largest paint of ${unseen.path}.`);
  const inpMs = took[Math.floor(took.length * 0.75)];
  if (inpMs === undefined) throw new Error('The browser told nothing of what was pressed.');
  return {
    lcp: findWorst(all.map(({ path, lcp: value }) => ({ path, value }))),
    inpMs,
    cls: findWorst(all.map(({ path, shift: value }) => ({ path, value }))),
  };
}

function findWorst<One extends { readonly value: number }>(all: readonly One[]): One {
  return all.reduce((worst, one) => (one.value > worst.value ? one : worst));
}

async function use(page: Page): Promise<void> {
  for (const key of ['j', 'j', 'k', 'u', 'u', '?']) await page.keyboard.press(key);
  // With the focus it listens to keys, a frame after it is there.
  await page.locator('[role="dialog"]:focus-within').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Page, action, or id' }).waitFor();
  await page.keyboard.type('dead');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const button = page.locator('main button:not([disabled])').first();
  if ((await button.count()) > 0) await button.click();
}

/** Runs in the page, before anything of it does. */
function watch(): void {
  const seen: Seen = { lcp: 0, shift: 0, interactions: {} };
  Object.assign(globalThis, { seen });
  type Entry = PerformanceEntry & { value: number; hadRecentInput: boolean; interactionId: number };
  const observe = (type: string, note: (entry: Entry) => void, more: object = {}) =>
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Entry[]) note(entry);
    }).observe({ type, buffered: true, ...more });
  observe('largest-contentful-paint', ({ startTime }) => {
    seen.lcp = startTime;
  });
  // Shifts within a second of each other, and five in all, are one.
  const burst = { sum: 0, from: 0, to: 0 };
  observe('layout-shift', ({ startTime, value, hadRecentInput }) => {
    if (hadRecentInput) return;
    if (startTime - burst.to > 1000 || startTime - burst.from > 5000) {
      Object.assign(burst, { sum: 0, from: startTime });
    }
    burst.sum += value;
    burst.to = startTime;
    seen.shift = Math.max(seen.shift, burst.sum);
  });
  const note = ({ interactionId, duration }: Entry) => {
    if (interactionId > 0)
      seen.interactions[interactionId] = Math.max(seen.interactions[interactionId] ?? 0, duration);
  };
  observe('event', note, { durationThreshold: 16 });
  // Of each page the first one is told however short it was.
  observe('first-input', note);
}
