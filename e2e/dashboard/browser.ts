import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { buildDashboard } from '@sluice/local/dashboard-build';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, expect } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where browsers are, the first that is there is taken. */
const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];

/** How wide a window is: an operator's screen, and a telephone. */
const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };

/** Builds the dashboard; call it before the api starts, which looks for the build then. */
export function buildForTests(): Promise<void> {
  return buildDashboard(ROOT, () => undefined);
}

/** A browser for one test file; pages complain about every error that the page itself logs. */
export type TestBrowser = {
  /** Opens an address in a window of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
};

/** Starts a browser that ends after the file's last test. */
export async function startTestBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({ executablePath: findBrowser(), args: ARGUMENTS });
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
      await page.goto(url);
      return page;
    },
  };
}

function findBrowser(): string {
  const found = BROWSERS.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error("These tests need Chromium or Chrome: install Debian's `chromium`.");
  return found;
}

/** Expects that axe finds nothing on a page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  expect(found, page.url()).toEqual([]);
}
