import type { Stats } from '@sluice/contracts/api';
import { createStatsReader } from '@sluice/ledger/stats-reader';
import { createInbox } from '@sluice/store/inbox';
import { createInstances } from '@sluice/store/instances';
import { describe, expect, it, vi } from 'vitest';
import { createPipeline, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();

async function start() {
  const api = await startApi(stores);
  const pipeline = await createPipeline(stores);
  /** Reads anew, past the cache of the route. */
  const read: () => Promise<Stats> = createStatsReader({
    store: stores.store,
    inspector: api.inspector,
    now: Date.now,
  });
  return { api, pipeline, read };
}

describe('the ledger', () => {
  it('counts what waits as in flight, and what is settled by its outcome', async () => {
    const { api, pipeline, read } = await start();
    const before = await read();
    for (let n = 0; n < 5; n += 1) await pipeline.submit(toEvent({ metric: 'a', amount: n }));
    await pipeline.submit(toEvent({ metric: 'a', amount: 1 }, { key: 'again' }));
    await pipeline.submit(toEvent({ metric: 'a', amount: 99 }, { simulate: 'all' }));
    await pipeline.beat();
    const waiting = await read();
    expect(waiting.ledger).toMatchObject({
      accepted: before.ledger.accepted + 7,
      inFlight: before.ledger.inFlight + 7,
      unaccounted: 0,
      balanced: true,
      complete: true,
    });
    expect(waiting.byStatus.pending).toBe(before.byStatus.pending + 7);
    expect(waiting.queue.waiting).toBe(before.queue.waiting + 7);
    expect(waiting.oldestWaitingMs).toBeGreaterThan(0);

    pipeline.startWorker({ attempts: 1 });
    await vi.waitFor(async () => expect((await read()).ledger.inFlight).toBe(before.ledger.inFlight));
    const settled = await read();
    expect(settled.ledger).toMatchObject({
      accepted: before.ledger.accepted + 7,
      normalized: before.ledger.normalized + 5,
      duplicate: before.ledger.duplicate + 1,
      dead: before.ledger.dead + 1,
      unaccounted: 0,
      balanced: true,
    });
    expect(settled.duplicates.raw).toBe(before.duplicates.raw + 1);
    await vi.waitFor(async () => {
      const { status, body } = await api.get('/api/events/stats');
      expect(status).toBe(200);
      expect(body.ledger).toEqual(settled.ledger);
    });
  });

  it('never calls anything unaccounted while everything moves', async () => {
    const { pipeline, read } = await start();
    pipeline.startWorker();
    const before = await read();
    let sending = true;
    const send = (async () => {
      for (let n = 0; n < 400; n += 4) {
        await Promise.all(
          [0, 1, 2, 3].map((i) => pipeline.submit(toEvent({ metric: 'moving', amount: n + i }))),
        );
        await pipeline.beat();
      }
      sending = false;
    })();
    let reads = 0;
    while (sending) {
      const { ledger, byStatus } = await read();
      expect(ledger).toMatchObject({ unaccounted: 0, unaccountedBatches: [], balanced: true });
      expect(Math.min(...Object.values(byStatus))).toBeGreaterThanOrEqual(0);
      reads += 1;
    }
    await send;
    expect(reads).toBeGreaterThan(3);
    await vi.waitFor(
      async () => expect((await read()).ledger.normalized).toBe(before.ledger.normalized + 400),
      20_000,
    );
  });

  it('names a batch that is neither in the queue nor settled, and counts its events', async () => {
    const { api, pipeline, read } = await start();
    const before = await read();
    const event = toEvent({ metric: 'lost', amount: 1 });
    await pipeline.queue.addBatch('b-gone-1', { envelope: 1, instance: 'gone', seq: 1, events: [event] });
    await createInbox(stores.store).insert({ instance: 'gone', seq: 3, events: [] });
    const now = new Date();
    await createInstances(stores.store).beat({
      _id: 'gone',
      app: 'ingest',
      seq: 4,
      events: 8,
      merged: 0,
      startedAt: now,
      seenAt: now,
    });
    // 1 is in the queue with one event, 3 is void, 2 and 4 were kept by a Redis that forgot them: 7 events.
    const { ledger } = await read();
    expect(ledger).toMatchObject({
      accepted: before.ledger.accepted + 8,
      inFlight: before.ledger.inFlight + 1,
      unaccounted: 7,
      unaccountedBatches: [
        { instance: 'gone', seq: 2 },
        { instance: 'gone', seq: 4 },
      ],
      balanced: false,
    });
    await vi.waitFor(async () =>
      expect((await api.get('/api/events/stats')).body.ledger.unaccounted).toBe(7),
    );
  });

  it('counts what the inbox keeps as in flight', async () => {
    const { read } = await start();
    const before = await read();
    await createInbox(stores.store).insert({
      instance: 'i',
      seq: 1,
      events: [toEvent({ metric: 'kept', amount: 1 })],
    });
    const { ledger, inbox, byStatus } = await read();
    expect(inbox).toBe(before.inbox + 1);
    expect(byStatus.pending).toBe(before.byStatus.pending + 1);
    expect(ledger.accepted).toBe(before.ledger.accepted + 1);
    expect(ledger.inFlight).toBe(before.ledger.inFlight + 1);
  });
});
