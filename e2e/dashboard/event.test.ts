import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { expectAccessible } from './axe.ts';
import { openPage, sendEvent, startParts, toMetric } from './parts.ts';

/** The largest body that ingest takes, less what stands around the payload. */
const LARGE_BYTES = 1024 * 1024 - 200;

describe('an event in a browser', () => {
  const parts = startParts();
  const open = (path: string): Promise<Page> => openPage(parts(), path);
  const send = (body: unknown, headers?: Record<string, string>) => sendEvent(parts(), body, headers);

  async function writePayload(page: Page, text: string): Promise<void> {
    await page.getByRole('textbox', { name: 'Payload' }).click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(text);
  }

  it('follows an event that it sent to its record, without a reload', async () => {
    const page = await open('/send');
    await writePayload(page, '{"metric":"browser","amount":"12,50 €","timestamp":"2026-01-02T03:04:05Z"}');
    await page.getByRole('button', { name: 'Send the event' }).click();
    await page.getByText('Became a normalized event.').waitFor();
    await page.getByRole('listitem').filter({ hasText: 'Replicated' }).getByText('no backup').waitFor();
    await page.getByRole('link', { name: 'Open the event' }).click();
    await page.getByRole('heading', { name: /^Event evt_/ }).waitFor();
    const amount = page.getByRole('row', { name: /amount/ });
    expect(await amount.textContent()).toContain('12.5');
    const [stored] = await parts()
      .sluice.db.collection('normalized_events')
      .find({ 'data.metric': 'browser' })
      .toArray();
    expect(page.url()).toContain(String(stored?._id));
    await page.context().close();
  });

  it('says where JSON is broken, and sends nothing', async () => {
    const before = await parts().sluice.db.collection('raw_events').countDocuments();
    const page = await open('/send');
    await writePayload(page, '{"metric": }');
    await page
      .getByText(/The payload is not valid JSON/)
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'Send the event' }).isDisabled()).toBe(true);
    await parts().sluice.settled();
    expect(await parts().sluice.db.collection('raw_events').countDocuments()).toBe(before);
    await page.context().close();
  });

  it('shows what a payload would become without writing anything', async () => {
    const before = await parts().sluice.db.collection('raw_events').countDocuments();
    const page = await open('/send');
    await writePayload(page, '{"metric":"dry","amount":"1.234,5","timestamp":1767323045}');
    await page.getByRole('button', { name: 'Check without sending' }).click();
    await page.getByText('"amount": 1234.5').waitFor();
    expect(await parts().sluice.db.collection('raw_events').countDocuments()).toBe(before);
    await page.context().close();
  });

  it('explains a duplicate: its twin, and the field in which they differ', async () => {
    const first = await send({
      source: 'twin',
      payload: { metric: 't', amount: 1, timestamp: 5, note: 'a' },
    });
    await parts().sluice.settled();
    const second = await send({
      source: 'twin',
      payload: { metric: 't', amount: 1, timestamp: 5, note: 'b' },
    });
    await parts().sluice.settled();
    const page = await open(`/events/${second}`);
    await page.getByRole('region', { name: 'Duplicate check' }).getByText(first).first().waitFor();
    await page.getByRole('row', { name: '/note "b" "a"' }).waitFor();
    await page.context().close();
  });

  it('is followed from a failing attempt to its record, in place, with the countdown to the next attempt', async () => {
    const page = await open('/send');
    await page.getByRole('textbox', { name: 'Payload' }).click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(JSON.stringify(toMetric(1, { metric: 'simulated' })));
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
    await send({ source: 'keys', payload: toMetric(1) }, key);
    await sluice.settled();
    const second = await send({ source: 'keys', payload: toMetric(2) }, key);
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
    for (const amount of [1, 2, 3]) await send({ source: 'neighbours', payload: toMetric(amount) });
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

  it('says what was done to an event of that event only', async () => {
    const { sluice } = parts();
    for (const amount of [1, 2]) {
      await send({ source: 'noted', payload: toMetric(amount), simulateFailure: 'all' });
    }
    const dead = { source: 'noted', status: 'dead' };
    await expect
      .poll(() => sluice.db.collection('raw_events').countDocuments(dead), { timeout: 20_000 })
      .toBe(2);
    const page = await open('/events?source=noted');
    const rows = page.getByRole('table', { name: 'Events' }).locator('tr[data-row]');
    await rows.nth(1).focus();
    await page.keyboard.press('Enter');
    await page.getByText('2 of 2 in').waitFor();
    // The first is loaded before it is come to again: it is shown at once then.
    await page.keyboard.press('[');
    await page.getByText('1 of 2 in').waitFor();
    await page.getByRole('button', { name: 'Replay this event' }).waitFor();
    await page.keyboard.press(']');
    await page.getByText('2 of 2 in').waitFor();
    await page.getByRole('button', { name: 'Replay this event' }).click();
    await page.getByText('It is put into the queue by').waitFor();
    await page.keyboard.press('[');
    await page.getByText('1 of 2 in').waitFor();
    expect(await page.getByText('It is put into the queue by').count()).toBe(0);
    await page.context().close();
  });
});
