import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Response,
} from 'playwright-core';
import { afterAll, expect } from 'vitest';
import { noteAnswer } from '../openapi/watch-answers.ts';
import { BROWSER_ARGUMENTS, findBrowser } from './find-browser.ts';

/** How wide a window is: an operator's screen, and a telephone. */
export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };

/** A browser for one test file; pages complain about every error that the page itself logs. */
export type TestBrowser = {
  /** Opens an address in a window of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
};

/** Starts a browser that ends after the file's last test. */
export async function startTestBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({ executablePath: findBrowser(), args: BROWSER_ARGUMENTS });
  const errors: string[] = [];
  afterAll(async () => {
    await browser.close();
    expect(errors).toEqual([]);
  });
  return {
    async open(url, options = {}) {
      const context = await browser.newContext({ viewport: WIDE, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('response', (response) => void noteResponse(response));
      await page.goto(url);
      return page;
    },
  };
}

/** Has what the page is answered checked, as far as it is of the api and not of the page itself. */
async function noteResponse(response: Response): Promise<void> {
  const url = new URL(response.url());
  const type = response.headers()['content-type'] ?? '';
  if (!/[/+]json\b/.test(type) || !/^\/(api|vital-data)\b/.test(url.pathname)) return;
  // What the page no longer waits for has no body.
  const body = await response.text().catch(() => null);
  const received = await response.headersArray().catch(() => null);
  if (received === null) return;
  noteAnswer(url, {
    method: response.request().method(),
    pathname: url.pathname,
    status: response.status(),
    headers: new Headers(received.map(({ name, value }) => [name, value])),
    body,
  });
}

/** As wide and as high as 1,280 × 1,024 px at 400 %. */
const NARROWEST = { width: 320, height: 256 };

/**
 * Expects that a page can be read at 400 %: nothing scrolls sideways, and nothing is cut off. A cell of a list may end in
 * an ellipsis, because its row opens.
 */
export async function expectReadableAt400(page: Page): Promise<void> {
  await page.setViewportSize(NARROWEST);
  expect(await page.evaluate(findUnreadable), page.url()).toEqual({ sidewaysPx: 0, over: [], cut: [] });
}

/** What of a page does not fit into its window. Runs in the page. */
function findUnreadable() {
  const root = document.documentElement;
  const sidewaysPx = Math.max(0, root.scrollWidth - root.clientWidth);
  const seen = [...document.querySelectorAll('body *')].filter(
    (one) => one.clientWidth > 1 && one.checkVisibility({ visibilityProperty: true }),
  );
  const over = seen.filter(
    (one) => sidewaysPx > 0 && one.getBoundingClientRect().right > root.clientWidth + 1,
  );
  const cut = seen.filter((one) => {
    const { overflowX, overflowY, textOverflow } = getComputedStyle(one);
    const hides = (overflow: string) => overflow === 'hidden' || overflow === 'clip';
    if (one.closest('svg') !== null || (one.matches('td, td *') && textOverflow === 'ellipsis')) return false;
    return (
      (hides(overflowX) && one.scrollWidth > one.clientWidth + 1) ||
      (hides(overflowY) && one.scrollHeight > one.clientHeight + 2)
    );
  });
  const toText = (all: readonly Element[]) => all.slice(0, 3).map(({ outerHTML }) => outerHTML.slice(0, 160));
  return { sidewaysPx, over: toText(over), cut: toText(cut) };
}
