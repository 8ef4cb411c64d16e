import { AxeBuilder } from '@axe-core/playwright';
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
const WIDE = { width: 1440, height: 900 };
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

/** Expects that axe finds nothing on a page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  expect(found, page.url()).toEqual([]);
}

/** Expects that axe finds nothing on a page in either theme; it is dark afterwards. */
export async function expectAccessibleInBothThemes(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await expectAccessible(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectAccessible(page);
}

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
