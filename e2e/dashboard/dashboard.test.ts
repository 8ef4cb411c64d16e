import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTestStack, type TestStack } from '../test-stack.ts';
import { expectNoSidewaysScroll } from './accessibility.ts';
import { buildForTests, expectAccessible, NARROW, startTestBrowser, type TestBrowser } from './browser.ts';
import { addOpsTests } from './ops-pages.ts';
import { addReadingTests } from './reading-pages.ts';
import { addShellTests } from './shell.ts';

const PAGES = [
  '/overview',
  '/live',
  '/events',
  '/normalized',
  '/aggregates',
  '/devices',
  '/dead-letters',
  '/requests',
  '/operations',
  '/send',
  '/sources',
  '/schedules',
  '/queues',
  '/keys',
  '/audit',
  '/settings',
] as const;

describe('the dashboard in a browser', () => {
  let sluice: TestStack;
  let browser: TestBrowser;

  beforeAll(async () => {
    await buildForTests();
    sluice = await startTestStack();
    browser = await startTestBrowser();
  });

  function open(path: string, options?: Parameters<TestBrowser['open']>[1]): Promise<Page> {
    return browser.open(`${sluice.stack.apiUrl}${path}`, options);
  }

  async function send(body: unknown): Promise<string> {
    const answer = await sluice.post('/api/events', body);
    expect(answer.status).toBe(202);
    return (answer.body as { id: string }).id;
  }

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
    await page.getByRole('link', { name: 'Open the event' }).click();
    await page.getByRole('heading', { name: /^Event evt_/ }).waitFor();
    const amount = page.getByRole('row', { name: /amount/ });
    expect(await amount.textContent()).toContain('12.5');
    const [stored] = await sluice.db
      .collection('normalized_events')
      .find({ 'data.metric': 'browser' })
      .toArray();
    expect(page.url()).toContain(String(stored?._id));
    await page.context().close();
  });

  it('says where JSON is broken, and sends nothing', async () => {
    const before = await sluice.db.collection('raw_events').countDocuments();
    const page = await open('/send');
    await writePayload(page, '{"metric": }');
    await page
      .getByText(/The payload is not valid JSON/)
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'Send the event' }).isDisabled()).toBe(true);
    await sluice.settled();
    expect(await sluice.db.collection('raw_events').countDocuments()).toBe(before);
    await page.context().close();
  });

  it('shows what a payload would become without writing anything', async () => {
    const before = await sluice.db.collection('raw_events').countDocuments();
    const page = await open('/send');
    await writePayload(page, '{"metric":"dry","amount":"1.234,5","timestamp":1767323045}');
    await page.getByRole('button', { name: 'Check without sending' }).click();
    await page.getByText('"amount": 1234.5').waitFor();
    expect(await sluice.db.collection('raw_events').countDocuments()).toBe(before);
    await page.context().close();
  });

  it('explains a duplicate: its twin, and the field in which they differ', async () => {
    const first = await send({
      source: 'twin',
      payload: { metric: 't', amount: 1, timestamp: 5, note: 'a' },
    });
    await sluice.settled();
    const second = await send({
      source: 'twin',
      payload: { metric: 't', amount: 1, timestamp: 5, note: 'b' },
    });
    await sluice.settled();
    const page = await open(`/events/${second}`);
    await page.getByRole('region', { name: 'Duplicate check' }).getByText(first).first().waitFor();
    await page.getByRole('row', { name: '/note "b" "a"' }).waitFor();
    await page.context().close();
  });

  it('lists a refused request with its cause', async () => {
    expect((await sluice.post('/api/events', '{"source":')).status).toBe(400);
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
    await sluice.settled();
    const page = await open('/events?status=normalized&source=counted');
    const rows = page.getByRole('table', { name: 'Events' }).locator('tr[data-row]');
    await rows.first().waitFor();
    const stored = await sluice.db
      .collection('raw_events')
      .countDocuments({ source: 'counted', status: 'normalized' });
    expect(await rows.count()).toBe(stored);
    await page.reload();
    await rows.first().waitFor();
    expect(await rows.count()).toBe(stored);
    await page.context().close();
  });

  it.each(PAGES)('%s has nothing that axe objects to, in either scheme and on a telephone', async (path) => {
    const page = await open(path, { colorScheme: 'light' });
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expectAccessible(page);
    await page.setViewportSize(NARROW);
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
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

  addReadingTests(() => ({ sluice, browser }));
  addShellTests(() => ({ sluice, browser }));
  // Its last test puts other workers in the place of those that are there.
  addOpsTests(() => ({ sluice, browser }));
});
