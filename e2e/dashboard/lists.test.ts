import type { Page } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import type { TestStack } from '../test-stack.ts';
import { expectAccessible } from './axe.ts';
import { NARROW } from './browser.ts';
import { addOverviewTests } from './overview.ts';
import { openPage, sendEvent, startParts, toMetric } from './parts.ts';

describe('lists and figures in a browser', () => {
  const parts = startParts();
  const open = (path: string): Promise<Page> => openPage(parts(), path);
  const send = (body: unknown, headers?: Record<string, string>) => sendEvent(parts(), body, headers);

  it('lists a refused request with its cause', async () => {
    expect((await parts().sluice.post('/api/events', '{"source":')).status).toBe(400);
    const page = await open('/requests');
    await page
      .getByRole('row', { name: /ERR_JSON_INVALID/ })
      .first()
      .click();
    await page.getByText('First 4 KiB of the body').waitFor();
    await page.context().close();
  });

  it('keeps the filter in the address, and counts as MongoDB does', async () => {
    await send({ source: 'counted', payload: { metric: 'c', amount: 1, timestamp: 1 } });
    await parts().sluice.settled();
    const page = await open('/events?status=normalized&source=counted');
    const rows = page.getByRole('table', { name: 'Events' }).locator('tr[data-row]');
    await rows.first().waitFor();
    const stored = await parts()
      .sluice.db.collection('raw_events')
      .countDocuments({ source: 'counted', status: 'normalized' });
    expect(await rows.count()).toBe(stored);
    await page.reload();
    await rows.first().waitFor();
    expect(await rows.count()).toBe(stored);
    await page.context().close();
  });

  it('tells time, source and type of a record on a telephone, too', async () => {
    await send({ source: 'telephoned', payload: { metric: 'c', amount: 1, timestamp: 1 } });
    await parts().sluice.settled();
    const page = await openPage(parts(), '/normalized?source=telephoned', { viewport: NARROW });
    const row = page.getByRole('table', { name: 'Records' }).locator('tr[data-row]');
    await row.waitFor();
    expect(await row.getByRole('cell').allTextContents()).toEqual([
      '1970-01-01 00:00:01Z',
      'telephoned',
      'metric',
    ]);
    await page.context().close();
  });

  it('shows an error, never an empty list, when the list cannot be read, and recovers', async () => {
    await send({ source: 'recovers', payload: 1 });
    const page = await open('/events');
    await page.getByRole('table', { name: 'Events' }).waitFor();
    await page.route('**/api/events/raw*', (route) => route.abort());
    const failure = page.getByRole('alert').filter({ hasText: 'Events could not be loaded' });
    await failure.waitFor();
    expect(await page.getByRole('table', { name: 'Events' }).isVisible()).toBe(true);
    await page.unroute('**/api/events/raw*');
    await failure.waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('show the same counts on their tabs as MongoDB has', async () => {
    const { sluice } = parts();
    for (const note of ['first', 'again']) await send({ source: 'tabs', payload: toMetric(1, { note }) });
    await sluice.settled();
    const page = await open('/events');
    const stored = await sluice.db
      .collection('raw_events')
      .aggregate<{ _id: string; n: number }>([{ $group: { _id: '$status', n: { $sum: 1 } } }])
      .toArray();
    expect(stored.map(({ _id }) => _id)).toEqual(expect.arrayContaining(['normalized', 'duplicate']));
    for (const { _id, n } of stored) {
      const count = page.locator(`[data-count="${_id}"]`);
      await vi.waitFor(async () => expect((await count.textContent())?.replace(/\s/g, '')).toBe(String(n)), {
        timeout: 10_000,
      });
    }
    await page.context().close();
  });

  it('change a row in its place when its event does', async () => {
    const page = await open('/events?source=in-place');
    await page.getByText('No events of in-place').waitFor();
    const id = await send({ source: 'in-place', payload: toMetric(1), simulateFailure: 'all' });
    const row = page.locator(`tr[data-row="${id}"]`);
    await row.waitFor();
    const element = await row.elementHandle();
    await row.filter({ hasText: 'Dead' }).waitFor({ timeout: 50_000 });
    expect(await element?.evaluate((one) => one.isConnected)).toBe(true);
    await page.context().close();
  });

  it('select rows by key, and replay what is selected after showing the plan', async () => {
    const { sluice } = parts();
    const ids = await Promise.all(
      [1, 2, 3].map((at) => send({ source: 'selected', payload: toMetric(at), simulateFailure: 8 })),
    );
    await sluice.settled();
    const page = await open('/events?status=dead&source=selected');
    const rows = page.getByRole('table', { name: 'Events' }).locator('tr[data-row]');
    await rows.nth(2).waitFor();
    await rows.first().focus();
    await page.keyboard.press('x');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+X');
    await page.getByText('3 events selected').waitFor();
    await page.getByRole('button', { name: 'Replay 3 selected events…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('3 events').first().waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    const statuses = await sluice.db
      .collection<{ _id: string; status: string }>('raw_events')
      .find({ _id: { $in: ids } })
      .map(({ status }) => status)
      .toArray();
    expect(statuses).toEqual(['dead', 'dead', 'dead']);
    await page.goto(new URL('/audit', page.url()).href);
    await page.getByRole('row', { name: /createReplay, plan only/ }).waitFor();
    await page.context().close();
  });

  it('stay as they are for whoever reads, with an open menu too, with 200 events a second arriving', async () => {
    const { sluice } = parts();
    await burst(sluice, 100, 0);
    await sluice.settled();
    const page = await open('/events?source=burst');
    const scroller = page.locator('main div:has(> table[aria-label="Events"])');
    const row = page.locator('tr[data-row]').nth(20);
    await row.scrollIntoViewIfNeeded();
    await scroller.evaluate((element) => {
      element.scrollTop = 320;
    });
    await row.getByRole('checkbox').click();
    const id = await page.locator('tr[data-selected="true"]').getAttribute('data-row');
    const read = () =>
      page.evaluate((selected) => {
        const table = document.querySelector('table[aria-label="Events"]');
        const chosen = document.querySelector(`tr[data-row="${selected}"]`);
        const top = table?.parentElement?.scrollTop;
        return [top, chosen?.getBoundingClientRect().top, chosen?.getAttribute('data-selected')];
      }, id);
    const before = await read();
    for (let round = 0; round < 3; round += 1) await burst(sluice, 100, 1000 + round * 100);
    const told = page.getByRole('button', { name: /\bnew\b/ });
    await told.waitFor();
    expect(await read()).toEqual(before);

    await page.keyboard.press('ControlOrMeta+k');
    const commands = page.getByRole('dialog', { name: 'Commands' });
    const field = commands.getByRole('combobox');
    await field.fill('theme');
    await commands.getByText('2 found').waitFor();
    await page.keyboard.press('ArrowDown');
    await commands.getByRole('option', { name: 'Theme: dark', selected: true }).waitFor();
    const readMenu = () =>
      commands.evaluate((dialog) => [
        dialog.querySelector('input')?.value,
        dialog.querySelector('[aria-selected="true"]')?.textContent,
        dialog.contains(document.activeElement),
      ]);
    const menu = await readMenu();
    for (let round = 3; round < 6; round += 1) await burst(sluice, 100, 1000 + round * 100);
    await sluice.settled();
    // A dialog hides what is behind it from roles, not from the eye.
    const behind = page.locator('main button', { hasText: /\bnew\b/ });
    await expect.poll(() => behind.textContent(), { timeout: 60_000 }).toMatch(/^600 new/);
    expect([await read(), await readMenu()]).toEqual([before, menu]);
    await page.keyboard.press('Escape');
    await commands.waitFor({ state: 'detached' });
    expect(await read()).toEqual(before);
    await page.context().close();
  });

  it('ask again for older rows that could not be loaded only when told to, and keep the others', async () => {
    const { sluice } = parts();
    await burst(sluice, 150, 100_000);
    await sluice.settled();
    const page = await open('/events?source=burst');
    const scroller = page.locator('main div:has(> table[aria-label="Events"])');
    const rows = page.locator('tr[data-row]');
    await rows.first().waitFor();
    let asked = 0;
    const older = /\/api\/events\/raw\?.*cursor=/;
    await page.route(older, (route) => {
      asked += 1;
      return route.abort();
    });
    const toEnd = () =>
      scroller.evaluate((element) => {
        element.scrollTop = element.scrollHeight;
      });
    const readLast = () => rows.last().getAttribute('aria-rowindex').then(Number);
    await toEnd();
    const failure = page.getByRole('alert').filter({ hasText: 'Events could not be loaded' });
    await failure.waitFor();
    const before = asked;
    // Each event that arrives draws the list anew.
    await burst(sluice, 1, 200_000);
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await toEnd();
    await expect.poll(readLast).toBeLessThan(150);
    expect(asked).toBe(before);
    await page.unroute(older);
    await failure.getByRole('button', { name: 'Try again' }).click();
    await failure.waitFor({ state: 'detached' });
    await toEnd();
    await expect.poll(readLast).toBeGreaterThan(150);
    await page.context().close();
  });

  it('hold back what is new while a row has the focus or the pointer, and show it when asked', async () => {
    const { sluice } = parts();
    await send({ source: 'held', payload: toMetric(1) });
    await sluice.settled();
    const page = await open('/events?source=held');
    const rows = page.getByRole('table', { name: 'Events' }).locator('tr[data-row]');
    await rows.first().focus();
    await send({ source: 'held', payload: toMetric(2) });
    await page.getByRole('button', { name: '1 new' }).waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole('button', { name: '1 new' }).click();
    await rows.nth(1).waitFor();
    await page.locator('h1').click();
    await page.mouse.move(5, 5);
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await send({ source: 'held', payload: toMetric(3) });
    await rows.nth(2).waitFor();
    await page.context().close();
  });

  it('never show an error as nothing', async () => {
    const page = await open('/overview');
    await page.route('**/api/events/raw*', (route) => route.fulfill({ status: 500, body: '{}' }));
    await page.getByRole('link', { name: 'Events', exact: true }).click();
    const alert = page.getByRole('alert').filter({ hasText: 'Events could not be loaded' });
    await alert.waitFor();
    await alert.getByText('HTTP 500').waitFor();
    expect(await page.getByText(/^No events/).count()).toBe(0);
    await expectAccessible(page);
    await page.context().close();
  });

  it('sort devices by each of four columns, and open one', async () => {
    const { sluice } = parts();
    const now = Math.floor(Date.now() / 1000);
    const devices = [
      { device: 'd-1', heartRateValue: 61, breathRateValue: 19, timestamp: now },
      { device: 'd-2', heartRateValue: 90, breathRateValue: 12, timestamp: now - 4000 },
      { device: 'd-3', heartRateValue: 75, breathRateValue: 15, timestamp: now - 10 },
    ];
    for (const device of devices) expect((await sluice.post('/vital-data', device)).status).toBe(202);
    await sluice.settled();
    const page = await open('/devices');
    const table = page.getByRole('table', { name: 'Devices' });
    const order = () => table.locator('tbody th').allTextContents();
    const expected = {
      Device: ['d-3', 'd-2', 'd-1'],
      'Heart rate': ['d-2', 'd-3', 'd-1'],
      'Breath rate': ['d-1', 'd-3', 'd-2'],
    };
    await vi.waitFor(async () => expect(await order()).toEqual(['d-1', 'd-3', 'd-2']), { timeout: 10_000 });
    await table.getByText(/^silent 1 h/).waitFor();
    for (const [name, ids] of Object.entries(expected)) {
      await table.getByRole('button', { name: new RegExp(`^${name}`) }).click();
      await vi.waitFor(async () => expect(await order()).toEqual(ids), { timeout: 10_000 });
    }
    await page.getByRole('link', { name: 'd-1' }).click();
    await page.getByRole('figure', { name: /^heartRate\b/ }).waitFor();
    await expectAccessible(page);
    await page.context().close();
  });

  it('count events of one client over time, and hand them out as CSV', async () => {
    await burst(parts().sluice, 1, 20_000);
    await parts().sluice.settled();
    const page = await open('/aggregates?source=burst&interval=hour');
    await page
      .getByRole('table', { name: 'Metrics by client' })
      .getByRole('row', { name: /^burst reading/ })
      .waitFor();
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV' }).click();
    expect((await saving).suggestedFilename()).toBe('aggregates.csv');
    await page.context().close();
  });

  it('sample a crowd of events in the feed and still count each', async () => {
    const { sluice } = parts();
    const page = await open('/live?source=burst');
    await page.getByText(/^Connected\./).waitFor();
    for (let round = 0; round < 6; round += 1) await burst(sluice, 100, 5000 + round * 100);
    await page.getByText(/^1 of \d+ shown, counts exact$/).waitFor();
    await page.getByText('600 of these since the filter was set').waitFor({ timeout: 20_000 });
    expect(await page.locator('ol[role="log"] > li').count()).toBeLessThan(600);
    await page.context().close();
  });

  describe('the overview', () => addOverviewTests(parts));
});

async function burst(sluice: TestStack, count: number, from: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    source: 'burst',
    payload: { metric: 'reading', amount: from + index, timestamp: 1_767_000_000 + from + index },
  }));
  expect((await sluice.post('/api/events/batch', events)).status).toBe(202);
}
