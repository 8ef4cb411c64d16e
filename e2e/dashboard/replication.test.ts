import { createTestNames, mongoUrlFor } from '@sluice/local/test-names';
import { type Db, type Document, MongoClient } from 'mongodb';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';
import { startTestStack } from '../test-stack.ts';
import { expectAccessibleInBothThemes } from './axe.ts';
import { expectReadableAt400, startTestBrowser } from './browser.ts';
import { openPage, type Parts, sendEvent } from './parts.ts';

const SOON = { timeout: 20_000, interval: 100 };
/** What the full sync that is watched and cancelled has to compare, and how fast it may: it takes half a minute. */
const BULKY = 3000;
const RATE = 100;

describe('the pages of the backup', () => {
  const { database } = createTestNames();
  let parts: Parts;
  let backup: Db;
  let proxy: FaultProxy;

  beforeAll(async () => {
    const { port } = new URL(inject('mongoUrl'));
    proxy = await startFaultProxy(Number(port));
    const name = `${database}_backup`;
    const uri = `mongodb://127.0.0.1:${proxy.port}/${name}?directConnection=true`;
    const client = await MongoClient.connect(mongoUrlFor(name));
    backup = client.db(name);
    afterAll(async () => {
      await backup.dropDatabase();
      await client.close();
      await proxy.close();
    });
    parts = {
      sluice: await startTestStack({ workers: 1, backup: uri }),
      browser: await startTestBrowser(),
    };
  });

  const toHere = (name: string) => parts.sluice.db.collection<{ _id: string }>(name);
  const toThere = (name: string) => backup.collection<{ _id: string }>(name);

  /** Sends some events and waits until they are on the backup. */
  async function sendCopied(source: string, count: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      ids.push(await sendEvent(parts, { source, payload: { metric: source, amount: n, timestamp: n } }));
    }
    await parts.sluice.settled();
    const copied = () => toThere('normalized_events').countDocuments({ source } as Document);
    await expect.poll(copied, SOON).toBe(count);
    return ids.toSorted();
  }

  /** Compares both sides from a page, and waits for the end. */
  async function compare(page: Page, reason: string): Promise<void> {
    await page.getByRole('button', { name: /^Compare (again|the two databases)…$/ }).click();
    await page.getByLabel('Why, for the audit log').fill(reason);
    await page.getByRole('button', { name: 'Start the comparison' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const { db } = parts.sluice;
    const isDone = () => db.collection('operations').countDocuments({ reason, state: 'done' });
    await expect.poll(isDone, SOON).toBe(1);
  }

  const rowOf = (page: Page, id: string) => page.getByRole('row').filter({ hasText: `"${id}"` });

  it('say that the backup was never verified, and then that there is no difference', async () => {
    await sendCopied('same', 2);
    const operations = parts.sluice.db.collection('operations');
    // The full sync that every backup begins with is one.
    await expect.poll(() => operations.countDocuments({ kind: 'fullSync', state: 'done' }), SOON).toBe(1);
    await operations.deleteMany({ kind: 'fullSync' });
    const page = await openPage(parts, '/replication/differences');
    await page.getByText('Never verified').waitFor();
    await compare(page, 'nothing differs yet');
    await page.getByText(/^Verified \d{4}-.*Z, no difference/).waitFor();
    await expectAccessibleInBothThemes(page);
    await page.context().close();
  });

  it('list injected differences, open one side by side, and repair those that are chosen', async () => {
    const [spoiled = '', lost = ''] = await sendCopied('injected', 2);
    await toThere('normalized_events').updateOne({ _id: spoiled }, { $set: { 'data.amount': 'spoiled' } });
    await toThere('normalized_events').deleteOne({ _id: lost });
    await toThere('normalized_events').insertOne({ _id: 'evt_extra' });
    const page = await openPage(parts, '/replication/differences');
    await compare(page, 'injected differences');
    for (const [id, word] of [
      [spoiled, 'Unequal'],
      [lost, 'Missing'],
      ['evt_extra', 'Extra'],
    ] as const) {
      await rowOf(page, id).getByText(word, { exact: true }).waitFor();
      await rowOf(page, id).getByText('open').waitFor();
    }

    await page.getByRole('link', { name: `"${spoiled}"` }).click();
    const fields = page.getByRole('table', { name: 'Fields of the document on both sides' });
    await fields.getByText('"spoiled"').waitFor();
    expect(await fields.locator('tr[data-differs="true"]').count()).toBe(1);
    await page.getByText('1 field differs.').waitFor();
    await page.reload();
    await fields.getByText('"spoiled"').waitFor();
    await expectAccessibleInBothThemes(page);

    // It is copied as it is by then.
    await toHere('normalized_events').updateOne({ _id: spoiled }, { $set: { note: 'changed meanwhile' } });
    await page.getByLabel('Choose all of normalized_events').check();
    await page.getByRole('button', { name: 'Repair 3 documents…' }).click();
    const repair = page.getByRole('dialog').getByRole('button', { name: 'Repair 3 documents' });
    await page.getByLabel('Why, for the audit log').fill('a test of the page');
    expect(await repair.isDisabled()).toBe(true);
    await page.getByLabel(/^Delete 1 document that only the backup has/).check();
    await repair.click();
    await expect.poll(() => page.getByRole('row').filter({ hasText: 'repaired' }).count(), SOON).toBe(3);
    for (const id of [spoiled, lost, 'evt_extra']) {
      expect(await toThere('normalized_events').findOne({ _id: id })).toEqual(
        await toHere('normalized_events').findOne({ _id: id }),
      );
    }
    await page.getByRole('button', { name: 'Read it again' }).click();
    await page.getByText('Both sides hold the same now.').waitFor();
    const audited = { action: 'createFullSync', reason: 'a test of the page' };
    expect(await parts.sluice.db.collection('audit_log').findOne(audited)).toMatchObject({ status: 202 });
    await expectReadableAt400(page);
    await page.context().close();
  });

  it('start a full sync, show how far it is and how long it takes, and cancel it', async () => {
    await toHere('bulky').insertMany(Array.from({ length: BULKY }, (_, n) => ({ _id: `${n}` })));
    await expect.poll(() => toThere('bulky').countDocuments(), SOON).toBe(BULKY);
    const page = await openPage(parts, '/replication');
    await page.getByRole('button', { name: 'Compare the two databases…' }).click();
    await page.getByLabel(/^Copy what differs; delete nothing/).check();
    await page.getByLabel('Documents compared a second at most').fill(`${RATE}`);
    await page.getByLabel('Why, for the audit log').fill('to be cancelled');
    await page.getByRole('button', { name: 'Start the full sync' }).click();
    const bar = page.getByRole('progressbar', { name: 'Documents compared' });
    /** Returns how long it says that it takes, as a multiple of what its rate allows at least. */
    const readEta = async () => {
      const { current } = (await parts.sluice.get('/api/sync/full')).body as {
        current: { compared: number; total: number; etaSeconds: number | null } | null;
      };
      if (current === null || current.etaSeconds === null) return Number.NaN;
      return current.etaSeconds / ((current.total - current.compared) / RATE);
    };
    const readBar = async (name: string) => Number((await bar.getAttribute(name)) ?? 0);
    await expect.poll(() => readBar('aria-valuenow'), SOON).toBeGreaterThan(0);
    await page.getByText(/ s left/).waitFor();
    // The small collections before it take long for their few documents.
    await expect.poll(readEta, SOON).toBeLessThan(2);
    expect(await readEta()).toBeGreaterThan(0.9);
    const before = await readBar('aria-valuenow');
    await expect.poll(() => readBar('aria-valuenow'), SOON).toBeGreaterThan(before);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Last: Full sync' }).waitFor();
    await page.getByText('cancelled: Cancelled by everybody.').waitFor();
    const { last } = (await parts.sluice.get('/api/sync/full')).body as {
      last: { state: string; compared: number };
    };
    expect(last.state).toBe('cancelled');
    expect(last.compared).toBeLessThan(BULKY);
    await page.context().close();
  });

  it('say since when the backup does not answer, and repair nothing meanwhile', async () => {
    await toThere('normalized_events').insertOne({ _id: 'evt_late' });
    const page = await openPage(parts, '/replication/differences');
    await compare(page, 'before it is away');
    await page.getByLabel('Choose "evt_late"').check();
    proxy.interfere({ kind: 'refuse' });
    await page.getByText('The backup does not answer', { exact: true }).waitFor();
    await page.getByText('the backup does not answer', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Repair 1 document…' }).isDisabled()).toBe(true);
    await page.getByRole('link', { name: '"evt_late"' }).click();
    await page.getByText('The document could not be read on both sides').waitFor();
    proxy.interfere({ kind: 'none' });
    await page.getByText('The backup does not answer', { exact: true }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Read it again' }).click();
    await page.getByText('It is only on the backup.').waitFor();
    await page.context().close();
  });
});
