import type { Page } from 'playwright-core';

/** What it takes to load a long list. */
export type LoadingFigures = {
  /** Until its first rows stand there, and until all of them are loaded, in ms. */
  readonly firstMs: number;
  readonly allMs: number;
  /** How many rows were in the page at once. */
  readonly most: number;
};

/** Goes to the list of a source's events, and loads all of them by scrolling; the list stays open. */
export async function measureLoading(
  page: Page,
  {
    source,
    count,
    slowDown = 1,
  }: {
    readonly source: string;
    readonly count: number;
    /** How many times slower the processor is made. */
    readonly slowDown?: number;
  },
): Promise<LoadingFigures> {
  await page.locator('[data-connection="live"]').waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowDown });
  const figures = await page.evaluate(loadRows, { source, count });
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await session.detach();
  return figures;
}

/** What it takes to scroll through a list, five rows a frame: as fast as a wheel is turned. */
export type ScrollingFigures = {
  /** The 95th percentile of what a frame took, in ms. */
  readonly frameMs: number;
  /** The longest time without a row in the middle of the list, in ms. */
  readonly blankMs: number;
};

/** Scrolls a list of events down from its top. */
export function measureScrolling(page: Page): Promise<ScrollingFigures> {
  return page.evaluate(scrollRows);
}

/** Runs in the page. */
async function loadRows({ source, count }: { readonly source: string; readonly count: number }) {
  const rowHeight = 32;
  const startedAt = performance.now();
  const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
  // As the links of the page do, without loading it again.
  history.pushState({}, '', `/events?source=${source}`);
  dispatchEvent(new PopStateEvent('popstate'));
  while (document.querySelector('main [data-row]') === null) await nextFrame();
  const firstMs = performance.now() - startedAt;
  const scroller = document.querySelector('table[aria-label="Events"]')?.parentElement;
  if (!scroller) throw new Error('The table has no frame.');
  let most = 0;
  while (scroller.scrollHeight < rowHeight * count) {
    scroller.scrollTop = scroller.scrollHeight;
    await nextFrame();
    most = Math.max(most, scroller.querySelectorAll('[data-row]').length);
  }
  return { firstMs, allMs: performance.now() - startedAt, most };
}

/** Runs in the page. */
async function scrollRows() {
  const [steps, stepPx] = [300, 160];
  const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
  const scroller = document.querySelector('table[aria-label="Events"]')?.parentElement;
  if (!scroller) throw new Error('The table has no frame.');
  const box = scroller.getBoundingClientRect();
  const frames: number[] = [];
  let [blankMs, seenAt] = [0, performance.now()];
  for (let step = 0, before = await nextFrame(); step < steps; step += 1) {
    scroller.scrollTop = step * stepPx;
    const now = await nextFrame();
    frames.push(now - before);
    before = now;
    const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (middle?.closest('[data-row]')) seenAt = now;
    blankMs = Math.max(blankMs, now - seenAt);
  }
  const frameMs = frames.toSorted((a, b) => a - b)[Math.floor(frames.length * 0.95)] ?? 0;
  return { frameMs, blankMs };
}
