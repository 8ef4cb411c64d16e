import { createTestNames } from '@sluice/local/test-names';
import { createAggregates } from '@sluice/store/aggregates';
import { createLeases } from '@sluice/store/leases';
import { createRollups, type Rollups } from '@sluice/store/rollups';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { keepRollups } from '../src/rollups.ts';
import { openPlace, SOON, startWorker } from './worker.ts';

async function start() {
  const { mongoUrl, prefix } = createTestNames();
  const where = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
  const place = await openPlace(where);
  onTestFinished(place.close);
  const aggregates = createAggregates(place.store);
  const readTotals = async (source: string) =>
    (await aggregates.read('default', { source, interval: 'day' })).totals;
  return { where, place, readTotals };
}

function startKeeper(
  place: Awaited<ReturnType<typeof openPlace>>,
  instance: string,
  rollups: Pick<Rollups, 'fold'>,
) {
  const keeper = keepRollups({
    ...{ rollups, instance, leases: createLeases(place.store), logger: place.logger },
    isHolding: () => false,
  });
  onTestFinished(keeper.stop);
  return keeper;
}

it('shows what is stored within two seconds', async () => {
  const { where, place, readTotals } = await start();
  const worker = startWorker(where, { instance: `${where.prefix}-w` });
  onTestFinished(worker.close);
  const took: number[] = [];
  for (const amount of [1, 2, 3]) {
    const { id } = await place.send({ source: 'shop', payload: { metric: 'sales', amount, at: 1767323045 } });
    await vi.waitFor(async () => expect(await place.findNormalized(id)).not.toBeNull(), SOON);
    const storedMs = performance.now();
    await vi.waitFor(async () => expect((await readTotals('shop')).count).toBe(amount), SOON);
    took.push(performance.now() - storedMs);
  }
  // One of them may meet a moment in which the machine does something else.
  expect(took.toSorted((a, b) => a - b)[1]).toBeLessThan(2000);
  expect(await readTotals('shop')).toMatchObject({ count: 3, sum: 6, min: 1, max: 3, avg: 2 });
});

it('counts every event once when two workers settle duplicates, failures and replays', async () => {
  const { where, place, readTotals } = await start();
  const first = startWorker(where, { instance: `${where.prefix}-1` });
  const second = startWorker(where, { instance: `${where.prefix}-2` });
  onTestFinished(second.close);
  const bodies = Array.from({ length: 300 }, (_, n) => ({
    source: 'shop',
    payload: { metric: `m${n % 3}`, amount: n % 100, at: 1767323045 + (n % 7) * 3600 },
    ...(n % 50 === 0 ? { simulateFailure: true } : {}),
  }));
  await place.sendAll(bodies);
  await first.close();
  await place.sendAll(
    bodies.map(({ payload, ...body }) => ({ ...body, payload: { ...payload, note: 'twin' } })),
  );
  await place.untilSettled();
  const events = place.store.db.collection('normalized_events');
  const pipeline = [{ $group: { _id: null, count: { $sum: 1 }, sum: { $sum: '$data.amount' } } }];
  const [plain] = await events.aggregate(pipeline).toArray();
  await vi.waitFor(async () => {
    expect(await place.count('receipts', { _id: /^rollup:/ })).toBe(0);
    expect(await readTotals('shop')).toMatchObject({ count: plain?.['count'], sum: plain?.['sum'] });
  }, SOON);
  expect(plain?.['count']).toBeGreaterThan(250);
});

it('is done by one worker at a time, and by another as soon as that one ends', async () => {
  const { place } = await start();
  const folds: string[] = [];
  const toRollups = (name: string): Pick<Rollups, 'fold'> => {
    const { fold } = createRollups(place.store);
    return {
      fold() {
        folds.push(name);
        return fold();
      },
    };
  };
  const one = startKeeper(place, 'one', toRollups('one'));
  await vi.waitFor(() => expect(folds).toContain('one'), SOON);
  startKeeper(place, 'two', toRollups('two'));
  await vi.waitFor(() => expect(folds.length).toBeGreaterThan(2), SOON);
  expect(new Set(folds)).toEqual(new Set(['one']));
  await one.stop();
  await vi.waitFor(() => expect(folds).toContain('two'), SOON);
});

it('goes on after a fold that failed', async () => {
  const { place } = await start();
  let folds = 0;
  const rollups = createRollups(place.store);
  startKeeper(place, 'one', {
    async fold() {
      folds += 1;
      if (folds === 1) throw new Error('unforeseen');
      return rollups.fold();
    },
  });
  await vi.waitFor(() => expect(folds).toBeGreaterThan(1), SOON);
});
