import type { Page, Request } from 'playwright-core';
import { expect, it } from 'vitest';
import { openPage, type Parts, sendEvent, waitForLive } from './parts.ts';

/** What the api answers to who is not signed in. */
const NOBODY = {
  status: 401,
  contentType: 'application/problem+json',
  headers: { 'www-authenticate': 'Bearer realm="sluice"', 'x-request-id': 'req_test' },
  body: JSON.stringify({
    type: '/docs/errors#ERR_UNAUTHENTICATED',
    title: 'No valid API key was given.',
    status: 401,
    code: 'ERR_UNAUTHENTICATED',
    detail: 'No valid API key was given.',
    instance: 'req_test',
  }),
};

/** Adds the tests of how the page hears of what happens, and of what it does when it no longer does. */
export function addConnectionTests(parts: () => Parts): void {
  const send = (source: string, amount: number) =>
    sendEvent(parts(), { source, payload: { metric: source, amount, timestamp: amount } });

  it('is stale while the api is away, and rules a line in the list at its return; nothing is missing or doubled', async () => {
    const { sluice } = parts();
    const ids = [await send('outage', 0)];
    await sluice.settled();
    const page = await openPage(parts(), '/events?source=outage');
    await page.locator(`[data-row="${ids[0]}"]`).waitFor();
    await waitForLive(page);
    await sluice.stack.app('api').kill('SIGKILL');
    for (const amount of [1, 2, 3]) ids.push(await send('outage', amount));
    await page.locator('[data-connection="stale"]').waitFor();
    await page.getByText(/^as of /).waitFor();
    await sluice.stack.app('api').whenReady();
    await page.getByText(/^Resynced \d\d:\d\d:\d\dZ: 3 events arrived while disconnected/).waitFor();
    await waitForLive(page);
    expect(await page.getByText(/^as of /).count()).toBe(0);
    expect((await readRows(page)).toSorted()).toEqual(ids.toSorted());
    await sluice.settled();
    await page.context().close();
  });

  it('says at once that a change got no answer, and does not make it later by itself', async () => {
    const page = await openPage(parts(), '/keys');
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') asked.push(new URL(request.url()).pathname);
    });
    await page.getByRole('button', { name: 'Make a key…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Make a key' });
    await dialog.getByLabel('Whose it is, or what for').fill('offline');
    await page.context().setOffline(true);
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    await dialog.getByText('It is not known whether this was done').waitFor();
    await page.context().setOffline(false);
    await waitForLive(page);
    expect(asked).toEqual(['/api/keys']);
    await page.context().close();
  });

  it('opens one stream for all tabs of a browser; the next tab goes on when the first is closed', async () => {
    const first = await openPage(parts(), '/overview');
    const context = first.context();
    await waitForLive(first);
    const second = await context.newPage();
    const streams: string[] = [];
    second.on('request', (request) => {
      if (new URL(request.url()).pathname === '/stream') streams.push(request.url());
    });
    await second.goto(first.url());
    await waitForLive(second);
    const held = await second.evaluate(async () => (await navigator.locks.query()).held?.length);
    expect({ streams, held }).toEqual({ streams: [], held: 1 });
    await second.evaluate(() => {
      const heard: string[] = [];
      const channel = new BroadcastChannel('sluice-live');
      channel.onmessage = ({ data }) => {
        if (data.kind === 'record') heard.push(data.record.id);
      };
      Object.assign(globalThis, { heard, channel });
    });
    const readHeard = () => second.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);
    const one = await send('tabs', 1);
    await expect.poll(readHeard).toEqual([one]);
    await first.close();
    await expect.poll(() => streams.length).toBe(1);
    const two = await send('tabs', 2);
    await expect.poll(readHeard, { timeout: 10_000 }).toEqual([one, two]);
    expect(streams).toHaveLength(1);
    await context.close();
  });

  it('draws nothing while nobody looks, lets go of the stream after 5 minutes, and catches up', async () => {
    const before = await send('hidden', 0);
    await parts().sluice.settled();
    const page = await openPage(parts(), '/events?source=hidden');
    await page.clock.install();
    const asked = watchQuestions(page);
    // A timer from before the clock was installed could not be stopped any more.
    await page.reload();
    await page.locator(`[data-row="${before}"]`).waitFor();
    await waitForLive(page);
    await setVisible(page, false);
    const readDrawn = await watchDrawing(page);
    // What was asked for before may still be answered.
    let drawn: readonly string[] = [];
    let looks = 0;
    const isStill = async () => {
      const before = drawn;
      drawn = await readDrawn();
      looks += 1;
      return looks > 1 && asked.size === 0 && drawn.length === before.length;
    };
    await expect.poll(isStill, { interval: 500, timeout: 10_000 }).toBe(true);
    const id = await send('hidden', 1);
    await parts().sluice.settled();
    await page.clock.fastForward(10_000);
    expect((await readDrawn()).slice(drawn.length)).toEqual([]);
    await page.clock.fastForward(5 * 60_000);
    await page.waitForFunction(async () => (await navigator.locks.query()).held?.length === 0);
    // A position of the last minute would be gone on from, without a gap.
    await page.clock.fastForward(2 * 60_000);
    await setVisible(page, true);
    await page.locator(`[data-row="${id}"]`).waitFor();
    await page
      .locator('main')
      .getByText(/^Resynced /)
      .waitFor();
    await waitForLive(page);
    await page.context().close();
  });

  it('leads to the form when the session has ended, and from there back to the page', async () => {
    const page = await openPage(parts(), '/events?source=outage');
    await waitForLive(page);
    for (const path of ['**/api/session', '**/api/events/raw*']) {
      await page.route(path, (route) => route.fulfill(NOBODY));
    }
    await page.getByText('The session has ended.').waitFor();
    expect(page.url()).toContain('/events?source=outage');
    await page.unrouteAll();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    await page.context().close();
  });
}

function readRows(page: Page): Promise<readonly string[]> {
  return page
    .locator('main [data-row]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-row') ?? ''));
}

/** Plays a browser that hides a tab or shows it: headless ones never do. */
async function setVisible(page: Page, isVisible: boolean): Promise<void> {
  await page.evaluate((visible) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (visible ? 'visible' : 'hidden'),
    });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, isVisible);
}

/** Holds what the page has asked the api from here on and was not answered yet. */
function watchQuestions(page: Page): ReadonlySet<Request> {
  const open = new Set<Request>();
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.startsWith('/api/')) open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  return open;
}

/** Counts from here on what is drawn, and returns how to read it: the text of each place that was drawn anew. */
async function watchDrawing(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const drawn: string[] = [];
    Object.assign(globalThis, { drawn });
    new MutationObserver((all) => {
      drawn.push(
        ...all.map(
          ({ type, target }) => `${type} of ${target.nodeName}: ${target.textContent?.slice(0, 80)}`,
        ),
      );
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (globalThis as unknown as { drawn: string[] }).drawn);
}
