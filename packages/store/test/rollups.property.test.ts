import { setImmediate as tick } from 'node:timers/promises';
import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { createTestNames } from '@sluice/local/test-names';
import fc from 'fast-check';
import type { Document } from 'mongodb';
import { expect, it } from 'vitest';
import { type OutcomeDocument, type RollupDocument, toCollection } from '../src/collections.ts';
import { connectStore } from '../src/connection.ts';
import { createEventStore } from '../src/event-store.ts';
import { createOperationSets } from '../src/operation-sets.ts';
import { recountOutcomes } from '../src/outcome-recount.ts';
import { UNITS } from '../src/rollup-units.ts';
import { toTotal } from '../src/rollup-values.ts';
import { createRollups } from '../src/rollups.ts';
import { useDatabase } from './database.ts';
import { newNormalized, newPlan, newRaw } from './documents.ts';
import { newReplay } from './operation-documents.ts';

/** What a run writes. */
const WRITTEN = ['raw_events', 'normalized_events', 'rollups', 'receipts', 'outcomes', 'operations'];

const BASE_MS = Date.parse('2026-01-02T23:59:50Z');

const { mongoUrl: url, seed } = createTestNames();
const connection = useDatabase(url);

/** An event as it may come: often in the same seconds, sometimes days late, sometimes without a time. */
const eventArbitrary = fc.record({
  source: fc.constantFrom('shop', 'erp', 'watch'),
  kind: fc.constantFrom('metric', 'vitals', 'order'),
  metric: fc.constantFrom('sales', 'heartRate', 'a.b', '$x', ''),
  // Sums of such numbers are exact, in whatever order MongoDB adds them.
  amount: fc.integer({ min: -1e9, max: 1e9 }).map((eighths) => eighths / 8),
  timeMs: fc.option(
    fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: -3 * 86_400_000, max: 86_400_000 })),
    { nil: null, freq: 6 },
  ),
  receivedMs: fc.integer({ min: 0, max: 7_200_000 }),
});
type GivenEvent = typeof eventArbitrary extends fc.Arbitrary<infer Given> ? Given : never;

const stepArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('store'), events: fc.array(eventArbitrary, { maxLength: 12 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('storeAgain') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('die'), event: eventArbitrary }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replay') }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('fold'), maxChanges: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('foldTwice') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('runOutOfTime'), afterMs: fc.integer({ min: 1, max: 25 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash'), ticks: fc.integer({ min: 0, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('recount') }) },
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Given> ? Given : never;

function toNormalized({
  source,
  kind,
  metric,
  amount,
  timeMs,
  receivedMs,
}: GivenEvent): NormalizedEventDocument {
  return newNormalized({
    source,
    type: kind,
    timestamp: timeMs === null ? null : new Date(BASE_MS + timeMs),
    receivedAt: new Date(BASE_MS + receivedMs),
    data: kind === 'metric' ? { metric, amount } : { heartRate: amount, weight: amount / 4, note: 'n' },
  });
}

function toRaw({ _id, source, receivedAt }: NormalizedEventDocument, fields: Partial<RawEventDocument> = {}) {
  return newRaw({ _id, source, receivedAt, ...fields });
}

/** One database, what was stored in it, and what can happen to it. */
function createRun() {
  const store = createEventStore(connection);
  const sets = createOperationSets(connection);
  const stored: NormalizedEventDocument[] = [];
  let batches = 0;
  const dead: { readonly record: NormalizedEventDocument; readonly raw: RawEventDocument }[] = [];

  const steps = {
    async store(events: readonly GivenEvent[]) {
      const records = events.map(toNormalized);
      batches += 1;
      const receipt = {
        instance: 'i',
        seq: batches,
        accepted: records.length,
        merged: 0,
        replacesVoid: false,
      };
      const rawInserts = records.map((record) => toRaw(record));
      const plan = newPlan({ normalized: records, rawInserts, receipts: [receipt] });
      expect(await store.commit(plan)).toBe('committed');
      stored.push(...records);
    },
    /** A redelivery: the same records once more, and beside a new one the same meaning under another id. */
    async storeAgain() {
      const record = stored.at(-1);
      if (record === undefined) return;
      expect(await store.commit(newPlan({ normalized: [record], rawInserts: [toRaw(record)] }))).toBe(
        'conflict',
      );
      const twin = newNormalized({ ...record, _id: newNormalized()._id });
      const other = newNormalized({ source: record.source });
      expect(await store.commit(newPlan({ normalized: [other, twin] }))).toBe('conflict');
      await store.commit(newPlan({ rawInserts: [toRaw(twin, { status: 'duplicate' })] }));
    },
    async die(event: GivenEvent) {
      const record = toNormalized(event);
      const raw = toRaw(record, { status: 'dead', code: 'ERR_FIELD_REQUIRED' });
      await store.commit(newPlan({ rawInserts: [raw] }));
      dead.push({ record, raw });
    },
    async replay() {
      const found = dead.shift();
      if (found === undefined) return;
      const { record, raw } = found;
      const { _id: id, run, attempts } = raw;
      const operation = newReplay(raw.tenant, {}, { state: 'running' });
      await toCollection(connection, 'operations').insertOne(operation);
      const mark = { operation: operation._id, state: 'planned', run } as const;
      await toCollection(connection, 'raw_events').updateOne({ _id: id }, { $set: { replay: mark } });
      const turns = [{ id, expect: { run, attempts }, run: 5 }];
      const runner = { operation: operation._id, fence: 1 };
      expect(await sets.take(runner, turns, new Date())).toBe('taken');
      const expected = { status: 'pending', run: 5, attempts: 0 } as const;
      const set = { status: 'normalized', run: 5, attempts: 1, updatedAt: new Date() } as const;
      const plan = newPlan({ normalized: [record], rawUpdates: [{ id, expect: expected, set }] });
      expect(await store.commit(plan)).toBe('committed');
      expect(await store.commit(plan)).toBe('conflict');
      stored.push(record);
    },
    fold: (maxChanges: number) => createRollups(connection, { maxChanges, maxSeconds: 7 }).fold(),
    async foldTwice() {
      await Promise.all([
        createRollups(connection).fold(),
        createRollups(connection, { maxChanges: 2 }).fold(),
      ]);
    },
    async runOutOfTime(timeoutMs: number) {
      await expectAway(createRollups(connection, { timeoutMs }).fold());
    },
    async crash(ticks: number) {
      const dying = connectStore({ uri: url, appName: 'dying' });
      await dying.ping();
      const folding = expectAway(createRollups(dying).fold());
      for (let tickNo = 0; tickNo < ticks; tickNo += 1) await tick();
      await Promise.all([dying.close(), folding]);
    },
    /** An hour is spoiled, as replays of earlier releases did, and counted anew while changes are still to be folded. */
    async recount() {
      const outcomes = toCollection(connection, 'outcomes');
      const wrong = { 'counts.pending': -7, 'counts.dead': 7 };
      await outcomes.updateOne({ kind: 'received' }, { $set: wrong });
      await recountOutcomes(connection);
    },
  };

  async function take(step: Step): Promise<unknown> {
    if ('events' in step) return steps.store(step.events);
    if ('event' in step) return steps.die(step.event);
    if ('maxChanges' in step) return steps.fold(step.maxChanges);
    if ('afterMs' in step) return steps.runOutOfTime(step.afterMs);
    if ('ticks' in step) return steps.crash(step.ticks);
    return steps[step.do as 'storeAgain' | 'replay' | 'foldTwice' | 'recount']();
  }

  return { take };
}

async function expectAway(folding: Promise<unknown>): Promise<void> {
  await folding.catch((error: unknown) => expect(error).toBeInstanceOf(DependencyAwayError));
}

async function drain(): Promise<void> {
  const rollups = createRollups(connection);
  for (;;) {
    const { changes, hasMore } = await rollups.fold();
    if (changes === 0 && !hasMore) return;
  }
}

/** 0 and -0 are one number here. */
type Row = Record<string, unknown>;

/** Asks MongoDB for the same by one plain aggregation over the events, for each unit. */
async function aggregateEvents(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const unit of UNITS) {
    const at = { $dateTrunc: { date: { $ifNull: ['$timestamp', '$receivedAt'] }, unit } };
    const values = {
      $cond: [
        { $eq: ['$type', 'metric'] },
        [{ k: '$data.metric', v: '$data.amount' }],
        { $objectToArray: '$data' },
      ],
    };
    const pipeline: Document[] = [
      { $set: { at, value: values } },
      { $unwind: '$value' },
      { $match: { 'value.v': { $type: 'number' }, 'value.k': { $ne: '' } } },
      {
        $group: {
          _id: { source: '$source', type: '$type', metric: '$value.k', at: '$at' },
          count: { $sum: 1 },
          sum: { $sum: '$value.v' },
          min: { $min: '$value.v' },
          max: { $max: '$value.v' },
        },
      },
    ];
    const found = await connection.db.collection('normalized_events').aggregate(pipeline).toArray();
    rows.push(...found.map(({ _id, ...values }) => ({ unit, ..._id, ...values })));
  }
  return sorted(rows);
}

async function readRollups(): Promise<Row[]> {
  const found = await connection.db.collection<RollupDocument>('rollups').find().toArray();
  return sorted(
    found.flatMap(({ source, unit, at, series }) =>
      series.map(({ sum, rest, ...values }) => ({
        source,
        unit,
        at,
        ...values,
        sum: toTotal({ sum, rest }),
      })),
    ),
  );
}

async function countEvents() {
  const rows: Row[] = [];
  for (const unit of UNITS) {
    const at = { $dateTrunc: { date: { $ifNull: ['$timestamp', '$receivedAt'] }, unit } };
    const pipeline = [{ $group: { _id: { source: '$source', type: '$type', at }, count: { $sum: 1 } } }];
    const found = await connection.db.collection('normalized_events').aggregate(pipeline).toArray();
    rows.push(...found.map(({ _id, count }) => ({ unit, ..._id, count })));
  }
  const rollups = await connection.db.collection<RollupDocument>('rollups').find().toArray();
  const rolled = rollups.flatMap(({ source, unit, at, events }) =>
    events.map(({ type, count }) => ({ source, unit, at, type, count })),
  );
  return { plain: sorted(rows), rolled: sorted(rolled) };
}

async function countOutcomes() {
  const at = { $dateTrunc: { date: '$receivedAt', unit: 'hour' } };
  const pipeline = [{ $group: { _id: { source: '$source', status: '$status', at }, count: { $sum: 1 } } }];
  const plain = await connection.db.collection('raw_events').aggregate(pipeline).toArray();
  const kept = await connection.db
    .collection<OutcomeDocument>('outcomes')
    .find({ kind: 'received' })
    .toArray();
  return {
    plain: sorted(plain.map(({ _id, count }) => ({ ..._id, count }))),
    kept: sorted(
      kept.flatMap(({ source, at, counts }) =>
        Object.entries(counts)
          .filter(([, count]) => count !== 0)
          .map(([status, count]) => ({ source, at, status, count })),
      ),
    ),
  };
}

/** By their text, whose fields are in order of their names. */
function sorted(rows: readonly Row[]): Row[] {
  const plain = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === 0 ? 0 : value])),
  );
  const toText = (row: Row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
  return plain
    .map((row) => [toText(row), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);
}

it('ends with what a plain aggregation over the events says, whatever happens on the way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 5, maxLength: 30 }), async (steps) => {
      await Promise.all(WRITTEN.map((name) => connection.db.collection(name).deleteMany({})));
      const run = createRun();
      for (const step of steps) await run.take(step);
      await drain();
      await recountOutcomes(connection);
      expect(await readRollups()).toEqual(await aggregateEvents());
      const events = await countEvents();
      expect(events.rolled).toEqual(events.plain);
      const outcomes = await countOutcomes();
      expect(outcomes.kept).toEqual(outcomes.plain);
      expect(
        await connection.db.collection('receipts').countDocuments({ instance: { $exists: false } }),
      ).toBe(0);
    }),
    { seed, numRuns: 30, endOnFailure: true },
  );
}, 120_000);
