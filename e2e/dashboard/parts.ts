import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, expect } from 'vitest';
import { startTestStack, type TestStack } from '../test-stack.ts';
import { startTestBrowser, type TestBrowser } from './browser.ts';

/** What the tests of the dashboard share: one running Sluice and one browser. */
export type Parts = { readonly sluice: TestStack; readonly browser: TestBrowser };

/** An event that fails at every attempt is dead after three seconds, not after a quarter of a minute. */
const ENV = { RETRY_ATTEMPTS: '6' };

/** A payload that becomes a record of type `metric`. */
export function toMetric(amount: number, more: object = {}): object {
  return { metric: 'reading', amount, timestamp: amount, ...more };
}

/** Starts a Sluice and a browser before the first test of a file; returns how its tests ask for them. */
export function startParts(): () => Parts {
  let parts: Parts | undefined;
  beforeAll(async () => {
    parts = { sluice: await startTestStack({ env: ENV }), browser: await startTestBrowser() };
  });
  return () => {
    if (parts === undefined) throw new Error('Nothing has started yet.');
    return parts;
  };
}

/** Opens a page of the dashboard in a window of its own. */
export function openPage(parts: Parts, path: string, options?: BrowserContextOptions): Promise<Page> {
  return parts.browser.open(`${parts.sluice.stack.apiUrl}${path}`, options);
}

/** Sends an event and returns its id. */
export async function sendEvent(
  { sluice }: Parts,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await sluice.post('/api/events', body, headers);
  expect(answer.status).toBe(202);
  return (answer.body as { id: string }).id;
}

/** Waits until the page says that it hears what happens. */
export async function waitForLive(page: Page): Promise<void> {
  await page.locator('[data-connection="live"]').waitFor();
}
