import { expect, it } from 'vitest';
import { expectAccessible, expectAccessibleInBothThemes } from './axe.ts';
import { expectReadableAt400, NARROW } from './browser.ts';
import { openPage, type Parts, sendEvent, toMetric } from './parts.ts';

const MINUTE = 60_000;

/** What is kept of a second in which events were settled. */
type Settled = { readonly _id: string; readonly at: Date; readonly [name: string]: unknown };

/** Adds the tests of the page that says whether anything is wrong. */
export function addOverviewTests(parts: () => Parts): void {
  it('follows the range and the source in the address, by keys and as a table too', async () => {
    const page = await openPage(parts(), '/overview?range=24h');
    const chart = page.getByRole('figure', { name: /^Events per 15 min, by outcome/ });
    const bars = chart.getByRole('img').last();
    await bars.focus();
    await page.keyboard.press('ArrowLeft');
    await chart.getByText(/not over yet/).waitFor();
    await chart.getByRole('button', { name: 'View as table' }).click();
    await chart.getByRole('table').waitFor();
    await chart.getByRole('button', { name: 'View as chart' }).click();
    await expect.poll(async () => (await bars.boundingBox())?.width).toBeGreaterThan(300);
    await chart.getByRole('button', { name: 'View as table' }).click();
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

  it('zooms into a part of the time by pointer, keys and fields, all charts at once', async () => {
    const page = await openPage(parts(), '/overview?range=1h');
    const depth = page.getByRole('figure', { name: /^Queue depth, jobs, most in 30 s/ });
    await depth.waitFor();
    await page.getByRole('figure', { name: /^Oldest waiting/ }).waitFor();
    await page.getByText('No backup was set up in this time').waitFor();
    const bars = page.getByRole('figure', { name: /, by outcome/ }).getByRole('img');
    await bars.focus();
    await page.keyboard.press('Home');
    await depth.getByText(/: waiting/).waitFor();

    const { x = 0, y = 0, width = 0 } = (await bars.boundingBox()) ?? {};
    await page.mouse.move(x + width * 0.3, y + 40);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.5, y + 40);
    await page.mouse.up();
    await page.waitForURL(/range=1h&from=.+Z&to=.+Z/);
    await page.getByRole('figure', { name: /^Events per 15 s/ }).waitFor();
    expect(await page.getByLabel('From', { exact: true }).inputValue()).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
    );
    await page.goBack();
    await page.waitForURL(/overview\?range=1h$/);

    await bars.focus();
    await page.keyboard.press('Home');
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL(/range=1h&from=/);
    await page.keyboard.press('Escape');
    await page.waitForURL(/overview\?range=1h$/);

    await page.getByRole('button', { name: 'custom' }).click();
    await page.getByLabel('From', { exact: true }).fill('yesterday');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'From is no time' }).waitFor();
    await page.getByLabel('From', { exact: true }).fill('2026-01-02 03:00');
    await page.getByLabel('To', { exact: true }).fill('2026-01-02T09:00:00Z');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForURL(/from=2026-01-02T03%3A00%3A00Z&to=2026-01-02T09%3A00%3A00Z/);
    const chart = page.getByRole('figure', { name: /^Events per hour, by outcome/ });
    await chart.getByRole('button', { name: 'duplicate' }).click();
    await chart.getByRole('button', { name: 'duplicate', pressed: false }).waitFor();
    await page.getByRole('figure', { name: /nobody noted how much waited/ }).waitFor();
    await expectAccessible(page);
    await page.setViewportSize(NARROW);
    await expectAccessible(page);
    await page.context().close();
  });

  it('draws the time before beside the one that is shown, where the address asks for it', async () => {
    const { sluice } = parts();
    const at = new Date(Date.now() - 20 * MINUTE);
    const settled = { tenant: 'default', source: 'before', kind: 'settled', at, accepted: 4321 };
    await sluice.db.collection<Settled>('outcomes').insertOne({
      ...{ ...settled, _id: 'before', counts: { normalized: 4321 }, latency: { 13: 4321 } },
      expiresAt: new Date(Date.now() + 60 * MINUTE),
    });
    const page = await openPage(parts(), '/overview?range=15m&source=before');
    const chart = page.getByRole('figure', { name: /^Events per 15 s, by outcome/ });
    await chart.waitFor();
    expect(await chart.locator('[data-line="compared"]').count()).toBe(0);
    await page.getByRole('checkbox', { name: 'compare previous' }).check();
    await page.waitForURL(/compare=previous/);
    await chart.locator('[data-line="compared"]').waitFor();
    await page.getByText(/^Thin lines: .+Z to .+Z, 15 min before\.$/).waitFor();
    await chart.getByRole('button', { name: 'View as table' }).click();
    await chart.getByRole('columnheader', { name: 'before' }).waitFor();
    await chart.getByRole('cell', { name: '4\u202f321' }).waitFor();
    const latency = page.getByRole('figure', { name: /^Received to stored/ });
    await latency.getByRole('button', { name: 'p95 before', pressed: true }).waitFor();
    await page
      .getByRole('figure', { name: /^Queue depth/ })
      .getByText('waiting before')
      .waitFor();
    await expectAccessibleInBothThemes(page);

    await page.reload();
    await chart.locator('[data-line="compared"]').waitFor();
    await page.getByRole('button', { name: '1 h', exact: true }).click();
    await page.waitForURL(/range=1h/);
    await page.getByText(/, 1 h before\.$/).waitFor();
    await page.setViewportSize(NARROW);
    await expectAccessible(page);
    await expectReadableAt400(page);
    await page.getByRole('checkbox', { name: 'compare previous' }).uncheck();
    await page.waitForURL((url) => !url.search.includes('compare'));
    await page.getByText(/^Thin lines/).waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('says which polls are overdue, and which come next', async () => {
    const { sluice } = parts();
    const declare = async (id: string) => {
      const schedule = `0 0 ${(new Date().getUTCHours() + 12) % 24} * * *`;
      const response = await fetch(new URL('/api/sources', sluice.stack.apiUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ id, kind: 'poll', url: 'http://127.0.0.1:9/', allowPrivate: true, schedule, idPath: 'id' },
          cursor: { kind: 'timestamp', param: 'since', path: 'updated_at' },
        }),
      });
      expect(response.status).toBe(201);
    };
    const page = await openPage(parts(), '/overview');
    const section = page.getByRole('region', { name: 'Polls due' });
    await section.getByText('No source is polled.').waitFor();
    await declare('nightly');
    await declare('forgotten');
    const longAgo = new Date(Date.now() - 3 * 86_400_000);
    await sluice.db
      .collection<{ _id: string }>('sources')
      .updateOne({ _id: 'forgotten' }, { $set: { updatedAt: longAgo } });
    const due = section.getByRole('list', { name: 'Due first' }).getByRole('listitem');
    await due
      .filter({ hasText: 'forgotten' })
      .getByText(/^Due .+Z, .+ late$/)
      .waitFor();
    await due
      .filter({ hasText: 'nightly' })
      .getByText(/^in 1\d h/)
      .waitFor();
    expect(await due.first().textContent()).toContain('forgotten');
    const overdue = section.locator('dl > div').filter({ hasText: 'Overdue' });
    await expect.poll(() => overdue.locator('dd').textContent()).toBe('1');
    await expectAccessibleInBothThemes(page);
    await section.getByRole('link', { name: 'All 2 polled sources' }).click();
    await page.waitForURL('**/schedules');
    await page.context().close();
  });

  it('marks in the charts when another version was started', async () => {
    await sendEvent(parts(), { source: 'deployed', payload: toMetric(1) });
    const page = await openPage(parts(), '/overview');
    const marked = page.getByRole('list', { name: 'Marked in the charts' });
    const words = /^version \d+\.\d+\.\d+ of api, ingest, live, scheduler, worker started$/;
    // The schedulers look every 15 s, and the page asks as often.
    await marked.getByRole('link', { name: words }).waitFor({ timeout: 60_000 });
    const titles = page.getByRole('figure', { name: /^Events per/ }).locator('svg title');
    expect(await titles.allTextContents()).toContainEqual(expect.stringMatching(words));
    await marked.getByRole('link', { name: words }).click();
    await page.waitForURL('**/queues');
    await page.context().close();
  });
}
