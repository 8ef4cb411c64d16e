import type { RecentStatsQuery } from '@sluice/contracts/recent-stats';
import { afterEach, describe, expect, it } from 'vitest';
import { type OutcomeDocument, toCollection } from '../src/collections.ts';
import { addOutcomes } from '../src/outcomes.ts';
import { readRecentOutcomes } from '../src/recent-outcomes.ts';
import { transact } from '../src/transaction.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** In the middle of a bucket of 15 minutes. */
const NOW = Math.floor(Date.now() / HOUR) * HOUR + 7 * MINUTE;
const iso = (ms: number) => new Date(ms).toISOString();

afterEach(() => toCollection(connection, 'outcomes').deleteMany({}));

const ask = (query: RecentStatsQuery, tenant = 'default') =>
  readRecentOutcomes(connection, tenant, query, NOW);

describe('what was settled', () => {
  it.each([
    [30, HOUR, 131],
    [180, 24 * HOUR, 483],
    [900, 48 * HOUR, 193],
  ])('can be asked for in %d s by a clock that is 5 minutes slow', async (stepSeconds, spanMs, count) => {
    const { buckets } = await ask({ stepSeconds, from: iso(NOW - 5 * MINUTE - spanMs) });
    expect(buckets).toHaveLength(count);
  });

  it.each([
    [60, 'last 60 minutes', HOUR],
    [900, 'last 48 hours', 48 * HOUR],
  ])('is refused of a time before what is kept, in %d s', async (stepSeconds, words, knownMs) => {
    const from = iso(NOW - knownMs - 21 * MINUTE);
    await expect(ask({ stepSeconds, from })).rejects.toMatchObject({
      errors: [{ pointer: '/from', detail: expect.stringContaining(words) }],
    });
  });

  it('ends with the bucket in which now is, for a clock that is fast too', async () => {
    const { buckets } = await ask({ stepSeconds: 60, from: iso(NOW - 2 * MINUTE), to: iso(NOW + HOUR) });
    expect(buckets.map(({ at }) => at)).toEqual([-2, -1, 0].map((n) => iso(NOW + n * MINUTE)));
  });

  it('is kept half an hour longer than is promised', async () => {
    const settled = [{ tenant: 'default', source: 's', accepted: 1, counts: { normalized: 1 } }];
    const change = { _id: 'one', at: new Date(NOW), values: [], received: [], settled };
    await transact(connection, 10_000, async (options) => {
      await addOutcomes(connection, [change], options);
      return 'committed';
    });
    const found = await toCollection(connection, 'outcomes')
      .find({}, { sort: { kind: 1 } })
      .toArray();
    expect(found.map(({ kind, expiresAt }) => [kind, (expiresAt?.getTime() ?? 0) - NOW])).toEqual([
      ['settled', 1.5 * HOUR],
      // Its 3 minutes began a minute ago.
      ['settled3m', 48.5 * HOUR + 2 * MINUTE],
    ]);
  });
});

describe('from when on it is known', () => {
  const toOutcome = (kind: OutcomeDocument['kind'], agoMs: number, tenant = 'default'): OutcomeDocument => ({
    ...{ _id: `${tenant} ${kind} ${agoMs}`, tenant, source: 's', kind, at: new Date(NOW - agoMs) },
    counts: { normalized: 1 },
  });
  const HOUR_BEFORE = 4 * HOUR + 7 * MINUTE;
  const COUNTED = 2 * HOUR + MINUTE;

  it.each([
    ['the first count, where events came in earlier hours', [HOUR_BEFORE], [COUNTED], iso(NOW - COUNTED)],
    ['nothing yet, where only such events came', [HOUR_BEFORE], [], iso(NOW + 8 * MINUTE)],
    ['always, where nothing came before', [2 * HOUR + 7 * MINUTE], [COUNTED], null],
    ['always, where nothing ever came', [], [], null],
    ['always, where it is counted longer', [HOUR_BEFORE], [30 * HOUR, COUNTED], null],
  ])('is %s', async (_words, received, settled, knownFrom) => {
    await toCollection(connection, 'outcomes').insertMany([
      ...received.map((agoMs) => toOutcome('received', agoMs)),
      ...settled.map((agoMs) => toOutcome('settled3m', agoMs)),
      // Another tenant's say nothing.
      toOutcome('received', 10 * HOUR + 7 * MINUTE, 'other'),
      toOutcome('settled3m', 30 * HOUR, 'other'),
    ]);
    expect((await ask({ stepSeconds: 900 })).knownFrom).toBe(knownFrom);
    expect((await ask({ stepSeconds: 60 })).knownFrom).toBeNull();
  });
});
