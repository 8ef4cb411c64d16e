import { randomBytes } from 'node:crypto';
import { rawQuerySchema } from '@sluice/contracts/api';
import { deadLettersQuerySchema } from '@sluice/contracts/dead-letters';
import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createDeadLetters } from '../src/dead-letters.ts';
import { createEventStore } from '../src/event-store.ts';
import { createOperationSets } from '../src/operation-sets.ts';
import { createOperations } from '../src/operations.ts';
import { createRawEvents } from '../src/raw-events.ts';
import { useDatabase } from './database.ts';
import { newPlan } from './documents.ts';
import { newDead, newReplay, PRINTS } from './operation-documents.ts';

const connection = useDatabase();
const events = createEventStore(connection);
const deadLetters = createDeadLetters(connection);
const raw = createRawEvents(connection);

const DAY_MS = 86_400_000;
const at = (day: number) => new Date(Date.UTC(2026, 0, 1) + day * DAY_MS);
/** Two minutes after the newest of them was received. */
const NOW = new Date(at(23).getTime() + 120_000);
const newTenant = () => randomBytes(4).toString('hex');
const query = (given: object = {}) => deadLettersQuerySchema.parse(given);

/** Stores 24 dead letters of one kind, one a day, 3 of another, and one of that which is discarded. */
async function storeSome() {
  const tenant = newTenant();
  const many = Array.from({ length: 24 }, (_, day) =>
    newDead({ tenant, source: day % 3 === 0 ? 'a.b' : 'c', receivedAt: at(day) }),
  );
  const few = Array.from({ length: 3 }, () =>
    newDead({ tenant, source: 'd', code: 'ERR_UNEXPECTED', fingerprint: PRINTS[1], receivedAt: at(5) }),
  );
  const gone = newDead({
    ...{ tenant, source: 'd', fingerprint: PRINTS[1], receivedAt: at(6) },
    discarded: { at: new Date(), by: 'me', reason: 'x' },
  });
  const others = [newDead({ tenant, status: 'normalized' }), newDead({ tenant: newTenant() })];
  for (const other of others) if (other.status === 'normalized') Reflect.deleteProperty(other, 'fingerprint');
  await events.commit(newPlan({ rawInserts: [...many, ...few, gone, ...others] }));
  return { tenant, many, few, gone };
}

describe('groups of dead letters', () => {
  it('hold each of them once, the largest first', async () => {
    const { tenant, many } = await storeSome();
    const found = await deadLetters.group(tenant, query(), NOW);
    expect(found).toMatchObject({ total: 27, groups: 2, window: { from: at(0), to: at(23) } });
    expect(found.items).toMatchObject([
      {
        ...{ fingerprint: PRINTS[0], code: 'ERR_FIELD_REQUIRED', count: 24, sources: { c: 16, 'a.b': 8 } },
        ...{ oldest: at(0), newest: at(23), sparkline: new Array(24).fill(1) },
        message: 'The field "a" is missing.',
        sampleIds: many
          .slice(-5)
          .map(({ _id }) => _id)
          .toReversed(),
      },
      { fingerprint: PRINTS[1], code: 'ERR_UNEXPECTED', count: 3, sources: { d: 3 } },
    ]);
    expect(found.items[1]?.sparkline[5]).toBe(3);
    expect(found.items.map(({ lastFiveMinutes }) => lastFiveMinutes)).toEqual([1, 0]);
  });

  it('are filtered, and those that are discarded are listed apart', async () => {
    const { tenant, gone } = await storeSome();
    const count = async (given: object) => (await deadLetters.group(tenant, query(given), NOW)).total;
    expect(await count({ source: 'c' })).toBe(16);
    expect(await count({ code: 'ERR_UNEXPECTED' })).toBe(3);
    expect(await count({ from: '2026-01-02', to: '2026-01-03' })).toBe(2);
    expect(await count({ from: '2027-01-01' })).toBe(0);
    const discarded = await deadLetters.group(tenant, query({ discarded: 'true' }), NOW);
    expect(discarded.items).toMatchObject([{ fingerprint: PRINTS[1], count: 1, sampleIds: [gone._id] }]);
    expect(await deadLetters.group(tenant, query({ limit: '1' }), NOW)).toMatchObject({
      ...{ total: 27, groups: 2, items: [{ fingerprint: PRINTS[0] }] },
    });
  });

  it('hold only the largest of their sources, however many there are', async () => {
    const tenant = newTenant();
    const dead = Array.from({ length: 600 }, (_, index) => {
      // Of the first 20 there is one more, at another time.
      const source = `${String(index % 580).padStart(3, '0')}${'s'.repeat(61)}`;
      return newDead({ tenant, source, receivedAt: at(index < 580 ? index % 23 : 23) });
    });
    await events.commit(newPlan({ rawInserts: dead }));
    const [, counted] = await profile('aggregate', async () => {
      const { total, items } = await deadLetters.group(tenant, query(), NOW);
      expect(total).toBe(600);
      expect(items).toHaveLength(1);
      const sources = dead.slice(0, 20).map(({ source }) => [source, 2]);
      expect(items[0]?.sources).toEqual(Object.fromEntries(sources));
      expect(items[0]?.sparkline.reduce((sum, n) => sum + n)).toBe(600);
      expect(items[0]?.sparkline.at(-1)).toBe(20);
    });
    // One answer has 16 MiB at most.
    expect(counted?.['responseLength']).toBeLessThan(5_000);
  });

  it('are counted from the keys of an index', async () => {
    const { tenant } = await storeSome();
    const [span, groups] = await profile('aggregate', () => deadLetters.group(tenant, query(), NOW));
    for (const entry of [span, groups]) {
      expect(entry).toMatchObject({ docsExamined: 0, keysExamined: 28 });
    }
  });
});

describe('a plan', () => {
  it('is exact, and leaves out what is discarded, too late, or in the hands of another operation', async () => {
    const { tenant, many, few } = await storeSome();
    const watermark = new Date();
    const filter = { status: 'dead' } as const;
    const late = newDead({ tenant, updatedAt: new Date(watermark.getTime() + 1) });
    await events.commit(newPlan({ rawInserts: [late] }));
    expect(await deadLetters.plan(tenant, filter, watermark)).toEqual({
      count: 27,
      bySource: { c: 16, 'a.b': 8, d: 3 },
      byFingerprint: { [PRINTS[0]]: 24, [PRINTS[1]]: 3 },
      ...{ oldest: at(0).toISOString(), newest: at(23).toISOString() },
      watermark: watermark.toISOString(),
    });
    const ids = [many[0]?._id ?? '', few[0]?._id ?? ''];
    expect((await deadLetters.plan(tenant, { ...filter, ids }, watermark)).count).toBe(2);
    const replay = newReplay(tenant, { ids });
    await createOperations(connection).create(replay);
    const sets = createOperationSets(connection);
    while ((await sets.freeze({ operation: replay._id, fence: 1 }, new Date())) === 'more');
    expect((await deadLetters.plan(tenant, filter, watermark)).count).toBe(25);
    expect(await deadLetters.plan(tenant, { ...filter, source: 'nobody' }, watermark)).toMatchObject({
      ...{ count: 0, bySource: {}, oldest: null },
    });
  });

  it('is counted from the keys of an index', async () => {
    const { tenant } = await storeSome();
    for (const filter of [{}, { source: 'c' }, { code: 'ERR_UNEXPECTED' }, { fingerprint: PRINTS[0] }]) {
      const [entry] = await profile('aggregate', () =>
        deadLetters.plan(tenant, { status: 'dead', ...filter }, new Date()),
      );
      expect(entry, JSON.stringify(filter)).toMatchObject({ docsExamined: 0 });
    }
  });
});

describe('the list of raw events', () => {
  const ids = async (tenant: string, given: object) =>
    (await raw.list(tenant, rawQuerySchema.parse({ limit: 100, ...given }))).items.map(({ id }) => id);

  it('shows the events of a group, and discarded ones only when asked', async () => {
    const { tenant, few, gone } = await storeSome();
    expect((await ids(tenant, { fingerprint: PRINTS[1] })).toSorted()).toEqual(
      few.map(({ _id }) => _id).sort(),
    );
    expect(await ids(tenant, { fingerprint: PRINTS[1], discarded: 'true' })).toEqual([gone._id]);
    expect(await ids(tenant, { status: 'dead' })).not.toContain(gone._id);
    expect(await ids(tenant, {})).toContain(gone._id);
    expect(await ids(tenant, { discarded: 'false' })).toHaveLength(28);
  });

  it('serves a group from an index, in order', async () => {
    const { tenant } = await storeSome();
    const [entry] = await profile('query', () => ids(tenant, { fingerprint: PRINTS[0] }));
    const stages = JSON.stringify(entry?.['execStats']);
    expect(stages).toContain('IXSCAN');
    expect(stages).not.toMatch(/COLLSCAN|"SORT"/);
  });
});

describe('the progress of a replay', () => {
  it('is counted from the keys of an index, as are the events that are left of it', async () => {
    const tenant = newTenant();
    const replay = newReplay(tenant);
    const mark = { operation: replay._id, run: 0 };
    const events1 = ['normalized', 'duplicate', 'dead', 'pending', 'failed'] as const;
    await events.commit(
      newPlan({
        rawInserts: [
          ...events1.map((status) => newDead({ tenant, status, replay: { ...mark, state: 'taken' } })),
          newDead({ tenant, replay: { ...mark, state: 'planned' } }),
        ],
      }),
    );
    const sets = createOperationSets(connection);
    const [counted] = await profile('aggregate', async () => {
      expect(await sets.readProgress(replay._id)).toEqual({
        ...{ enqueued: 5, succeeded: 1, duplicate: 1, failedAgain: 1, inFlight: 2, remaining: 1 },
      });
    });
    expect(counted).toMatchObject({ docsExamined: 0, keysExamined: 6 });
    const [left] = await profile('query', () => sets.listPlanned(replay._id, 5));
    expect(JSON.stringify(left?.['execStats'])).not.toMatch(/COLLSCAN|"SORT"/);
    expect(left).toMatchObject({ docsExamined: 1 });
  });
});

/** Returns what the server's profiler noted of the queries that `work` asked, the first first. */
async function profile(kind: 'query' | 'aggregate', work: () => Promise<unknown>) {
  const since = new Date();
  await connection.db.command({ profile: 2 });
  try {
    await work();
  } finally {
    await connection.db.command({ profile: 0 });
  }
  return connection.db
    .collection('system.profile')
    .find({
      ns: `${connection.db.databaseName}.${toCollection(connection, 'raw_events').collectionName}`,
      ts: { $gte: since },
      ...(kind === 'query' ? { op: 'query' } : { 'command.aggregate': 'raw_events' }),
    })
    .sort({ ts: 1 })
    .toArray();
}
