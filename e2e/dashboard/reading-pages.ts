import type { Page } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import type { TestStack } from '../test-stack.ts';
import { expectAccessible, NARROW } from './browser.ts';
import { openPage, type Parts } from './parts.ts';

/** The largest body that ingest takes, less what stands around the payload. */
const LARGE_BYTES = 1024 * 1024 - 200;

/** Adds the tests of the pages on which events are read: overview, events, one event, live, aggregates, devices, send. */
export function addReadingTests(parts: () => Parts): void {
  const open = (path: string): Promise<Page> => openPage(parts(), path);

  async function send(body: unknown, headers: Record<string, string> = {}): Promise<string> {
    const answer = await parts().sluice.post('/api/events', body, headers);
    expect(answer.status).toBe(202);
    return (answer.body as { id: string }).id;
  }

  const metric = (amount: number, more: object = {}) => ({
    metric: 'reading',
    amount,
    timestamp: amount,
    ...more,
  });

  describe('an event', () => {
    it('is followed from a failing attempt to its record, in place, with the countdown to the next attempt', async () => {
      const page = await open('/send');
      await page.getByRole('textbox', { name: 'Payload' }).click();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.insertText(JSON.stringify(metric(1, { metric: 'simulated' })));
      await page.getByLabel('Simulate a failing database').selectOption('1');
      await page.getByRole('button', { name: 'Send the event' }).click();
      const result = page.getByRole('region', { name: 'What became of it' });
      await result.getByText('It became a record of type metric, at attempt 2.').waitFor();
      await result.getByRole('button', { name: /^attempt 1 .*failed at Stored/ }).waitFor();
      await page.context().close();
    });

    it('shows where each field came from, by click and by keys, and keeps the choice in its address', async () => {
      const { sluice } = parts();
      const payload = {
        kind: 'sales',
        'price/gross': '12,50 €',
        at: '2026-01-02T03:04:05Z',
        extra: { note: 1 },
      };
      const id = await send({
        source: 'lineage',
        payload: { ...payload, metric: 'sales', amount: '12,50 €' },
      });
      await sluice.settled();
      const page = await open(`/events/${id}`);
      const fields = page.getByRole('table', { name: 'Fields and where they come from' });
      const amount = fields.getByRole('button', { name: 'amount', exact: true });
      await amount.click();
      await page.waitForURL(/field=amount/);
      const marked = page.getByRole('region', { name: 'Raw payload' }).locator('[data-marked="true"]');
      expect(await marked.textContent()).toContain('"amount": "12,50 €"');
      await page.locator('svg path[d^="M"][d*="C"]').first().waitFor({ state: 'attached' });
      await amount.press('ArrowUp');
      await page.waitForURL(/field=metric/);
      expect(await marked.textContent()).toContain('"metric": "sales"');
      await page.reload();
      await marked.waitFor();
      await page.getByRole('tab', { name: 'Lineage table' }).click();
      await page
        .getByRole('tabpanel')
        .getByRole('row', { name: /amount 12.5 \/amount/ })
        .waitFor();
      await expectAccessible(page);
      await page.context().close();
    });

    it('says of a key that was used twice that the payload differs, and where', async () => {
      const { sluice } = parts();
      const key = { 'idempotency-key': 'reading-1' };
      await send({ source: 'keys', payload: metric(1) }, key);
      await sluice.settled();
      const second = await send({ source: 'keys', payload: metric(2) }, key);
      await sluice.settled();
      const page = await open(`/events/${second}`);
      const check = page.getByRole('region', { name: 'Duplicate check' });
      await check.getByRole('row', { name: '/amount 2 1' }).waitFor();
      expect(await check.textContent()).toMatch(/Same idempotency key.*differs in 2 values/);
      await page.context().close();
    });

    it('shows a hostile payload as text, runs nothing of it, and breaks no rule for its content', async () => {
      const { sluice } = parts();
      const deep = JSON.parse(`${'['.repeat(60)}1${']'.repeat(60)}`) as unknown;
      const id = await send({
        source: 'hostile',
        payload: {
          '<b>name</b>': '<img src=x onerror="document.title=1">',
          turned: '\u202Eevil',
          url: 'javascript:alert(1)',
          deep,
        },
      });
      await sluice.settled();
      const page = await open('/overview');
      await page.evaluate(() => {
        const seen: string[] = [];
        Object.assign(window, { seen });
        document.addEventListener('securitypolicyviolation', ({ violatedDirective }) =>
          seen.push(violatedDirective),
        );
      });
      // Without a reload, so that the listener above hears of everything.
      await page.evaluate((path) => {
        history.pushState({}, '', path);
        dispatchEvent(new PopStateEvent('popstate'));
      }, `/events/${id}`);
      await page.getByText('<img src=x').first().waitFor();
      await page.getByRole('tab', { name: 'Stored document' }).click();
      expect(await page.locator('main img, main b:has-text("name")').count()).toBe(0);
      expect(await page.title()).toContain('Sluice');
      expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual([]);
      await page.context().close();
    });

    it('opens the largest payload within a second, loads all of it, and keeps the page small', async () => {
      const { sluice } = parts();
      const rows = Array.from({ length: 20_000 }, (_, index) => ({ index, text: 'x'.repeat(18) }));
      const text = JSON.stringify({ source: 'large', payload: { rows } });
      expect(text.length).toBeGreaterThan(LARGE_BYTES * 0.7);
      const id = await send(text);
      await sluice.settled();
      const page = await open('/events?source=large');
      await page.getByRole('table', { name: 'Events' }).locator('tr[data-row]').first().waitFor();
      const startedAt = performance.now();
      await page.getByRole('table', { name: 'Events' }).locator(`tr[data-row="${id}"] td`).nth(1).click();
      await page.getByRole('region', { name: 'Raw payload' }).getByText('"rows"').first().waitFor();
      expect(performance.now() - startedAt).toBeLessThan(3000);
      await page.getByRole('button', { name: /^Load all/ }).click();
      await page.getByText('in all.').waitFor();
      await page.getByRole('region', { name: 'Raw payload' }).getByText('"index": 0').waitFor();
      expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(3000);
      await page.context().close();
    });

    it('goes on to its neighbours in the filter of the list', async () => {
      const { sluice } = parts();
      for (const amount of [1, 2, 3]) await send({ source: 'neighbours', payload: metric(amount) });
      await sluice.settled();
      const page = await open('/events?source=neighbours');
      const rows = page.getByRole('table', { name: 'Events' }).locator('tr[data-row]');
      await rows.nth(2).waitFor();
      const ids = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-row')));
      await rows.nth(1).focus();
      await page.keyboard.press('Enter');
      await page.getByText('2 of 3 in').waitFor();
      await page.getByRole('button', { name: 'Next event' }).click();
      await page.waitForURL(new RegExp(String(ids[2])));
      await page.getByText('3 of 3 in').waitFor();
      await page.context().close();
    });
  });

  describe('lists', () => {
    it('show the same counts on their tabs as MongoDB has', async () => {
      const { sluice } = parts();
      const page = await open('/events');
      const stored = await sluice.db
        .collection('raw_events')
        .aggregate<{ _id: string; n: number }>([{ $group: { _id: '$status', n: { $sum: 1 } } }])
        .toArray();
      for (const { _id, n } of stored) {
        const count = page.locator(`[data-count="${_id}"]`);
        await vi.waitFor(
          async () => expect((await count.textContent())?.replace(/\s/g, '')).toBe(String(n)),
          {
            timeout: 10_000,
          },
        );
      }
      await page.context().close();
    });

    it('change a row in its place when its event does', async () => {
      const id = await send({ source: 'in-place', payload: metric(1), simulateFailure: 'all' });
      const page = await open('/events?source=in-place');
      const row = page.locator(`tr[data-row="${id}"]`);
      await row.waitFor();
      await row.filter({ hasText: 'Dead' }).waitFor({ timeout: 50_000 });
      await page.context().close();
    });

    it('select rows by key, and replay what is selected after showing the plan', async () => {
      const { sluice } = parts();
      const ids = await Promise.all(
        [1, 2, 3].map((at) => send({ source: 'selected', payload: metric(at), simulateFailure: 8 })),
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
      await page.context().close();
    });

    it('stay as they are for whoever reads, with 200 events a second arriving', async () => {
      const { sluice } = parts();
      for (let round = 0; round < 3; round += 1) await burst(sluice, 100, round * 100);
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
      for (let round = 0; round < 10; round += 1) await burst(sluice, 100, 1000 + round * 100);
      await page.getByRole('button', { name: /new/ }).waitFor();
      expect(await read()).toEqual(before);
      await sluice.settled();
      expect(await read()).toEqual(before);
      await page.context().close();
    });

    it('hold back what is new while a row has the focus or the pointer, and show it when asked', async () => {
      const { sluice } = parts();
      await send({ source: 'held', payload: metric(1) });
      await sluice.settled();
      const page = await open('/events?source=held');
      const rows = page.getByRole('table', { name: 'Events' }).locator('tr[data-row]');
      await rows.first().focus();
      await send({ source: 'held', payload: metric(2) });
      await page.getByRole('button', { name: '1 new' }).waitFor();
      expect(await rows.count()).toBe(1);
      await page.getByRole('button', { name: '1 new' }).click();
      await rows.nth(1).waitFor();
      await page.locator('h1').click();
      await page.mouse.move(5, 5);
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await send({ source: 'held', payload: metric(3) });
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
  });

  describe('figures', () => {
    it('follow the range and the source in the address, by keys and as a table too', async () => {
      const page = await open('/overview?range=24h');
      const chart = page.getByRole('figure', { name: /^Events per hour, by outcome/ });
      const bars = chart.getByRole('img').last();
      await bars.focus();
      await page.keyboard.press('ArrowLeft');
      await chart.getByText(/not over yet/).waitFor();
      await chart.getByRole('button', { name: 'View as table' }).click();
      await chart.getByRole('table').waitFor();
      await page.getByRole('button', { name: '15 min' }).click();
      await page.waitForURL(/range=15m/);
      await page.getByRole('figure', { name: /^Events per 15 s/ }).waitFor();
      await page.getByRole('figure', { name: /^Received to stored/ }).waitFor();
      await page.getByText(/unaccounted 0/).waitFor();
      await expectAccessible(page);
      await page.setViewportSize(NARROW);
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
      await page.getByText('600 since the page was opened').waitFor({ timeout: 20_000 });
      expect(await page.locator('ol[role="log"] > li').count()).toBeLessThan(600);
      await page.context().close();
    });
  });
}

async function burst(sluice: TestStack, count: number, from: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    source: 'burst',
    payload: { metric: 'reading', amount: from + index, timestamp: 1_767_000_000 + from + index },
  }));
  expect((await sluice.post('/api/events/batch', events)).status).toBe(202);
}
