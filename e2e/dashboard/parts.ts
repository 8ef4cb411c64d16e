import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { TestStack } from '../test-stack.ts';
import type { TestBrowser } from './browser.ts';

/** What the tests of the dashboard share: one running Sluice and one browser. */
export type Parts = { readonly sluice: TestStack; readonly browser: TestBrowser };

/** Opens a page of the dashboard in a window of its own. */
export function openPage(parts: Parts, path: string, options?: BrowserContextOptions): Promise<Page> {
  return parts.browser.open(`${parts.sluice.stack.apiUrl}${path}`, options);
}

/** Sends an event and returns its id. */
export async function sendEvent({ sluice }: Parts, body: unknown): Promise<string> {
  const answer = await sluice.post('/api/events', body);
  expect(answer.status).toBe(202);
  return (answer.body as { id: string }).id;
}

/** Waits until the page says that it hears what happens. */
export async function waitForLive(page: Page): Promise<void> {
  await page.locator('[data-connection="live"]').waitFor();
}
