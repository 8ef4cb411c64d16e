import { randomInt } from 'node:crypto';
import type { JsonObject } from '@sluice/contracts/json';
import { describe, expect, it } from 'vitest';
import { type LatestDocument, toCollection } from '../src/collections.ts';
import { createLatest } from '../src/latest.ts';
import { fromFieldKey, type LatestRecord, toLatestId } from '../src/latest-fields.ts';
import { createVitals } from '../src/vitals.ts';
import { useDatabase } from './database.ts';
import { NOW, newNormalized } from './documents.ts';
import { createRandom } from './random.ts';

const connection = useDatabase();
const latest = createLatest(connection);

/** The state by definition: of each field the newest by (timestamp, receivedAt, id). */
function toExpected(records: readonly LatestRecord[]): Record<string, Record<string, unknown>> {
  const rank = ({ timestamp, receivedAt, _id }: LatestRecord) => [
    (timestamp ?? receivedAt).getTime(),
    receivedAt.getTime(),
    _id,
  ];
  const sorted = records.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    const at = x.findIndex((value, index) => value !== y[index]);
    return at === -1 ? 0 : (x[at] ?? 0) < (y[at] ?? 0) ? -1 : 1;
  });
  const state: Record<string, Record<string, unknown>> = {};
  for (const { subject, data } of sorted) {
    const known = Object.entries(data as JsonObject).filter(([, value]) => value !== null);
    state[subject ?? ''] = { ...state[subject ?? ''], ...Object.fromEntries(known) };
  }
  return state;
}

async function readState(type: string): Promise<Record<string, Record<string, unknown>>> {
  const documents = await toCollection(connection, 'latest').find({ type }).toArray();
  return Object.fromEntries(documents.map((document) => [document.subject, toValues(document)]));
}

function toValues({ fields }: LatestDocument): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, { v }]) => [fromFieldKey(key), v]));
}

function newRecords(random: ReturnType<typeof createRandom>, type: string): LatestRecord[] {
  return Array.from({ length: 60 }, () => {
    const names = random
      .shuffle(['a', 'b.c', '$d', '%', '', '_bsontype', 'constructor'])
      .slice(0, 1 + random.int(4));
    return newNormalized({
      type,
      subject: `s${random.int(4)}`,
      // Few different times, so that the later ranks decide often.
      timestamp: random.int(10) === 0 ? null : new Date(NOW.getTime() + random.int(3)),
      receivedAt: new Date(NOW.getTime() + random.int(3)),
      data: Object.fromEntries(names.map((name) => [name, random.int(5) === 0 ? null : random.int(1000)])),
    });
  });
}

describe('apply', () => {
  it('ends in the same state in any order, in any batches, by several writers at once, and again', async () => {
    for (let run = 0; run < 12; run += 1) {
      const seed = randomInt(2 ** 31);
      const random = createRandom(seed);
      const type = `property-${seed}`;
      const records = newRecords(random, type);
      const writers = [latest, createLatest(connection), createLatest(connection)];
      const shuffled = random.shuffle([...records, ...records.slice(0, 20)]);
      const batches: LatestRecord[][] = [];
      while (shuffled.length > 0) batches.push(shuffled.splice(0, 1 + random.int(20)));
      await Promise.all(batches.map((batch) => writers[random.int(writers.length)]?.apply(batch)));
      expect(await readState(type), `seed ${seed}`).toEqual(toExpected(records));
    }
  });

  it('does not apply a time more than a day ahead of its receipt', async () => {
    const ahead = (ms: number) => new Date(NOW.getTime() + ms);
    await latest.apply([
      newNormalized({ type: 'ahead', timestamp: ahead(86_400_001), data: { a: 'too far' } }),
      newNormalized({ type: 'ahead', timestamp: ahead(86_400_000), data: { a: 'just' } }),
    ]);
    expect(await readState('ahead')).toEqual({ sales: { a: 'just' } });
  });

  it('passes over events without a subject or fields', async () => {
    await latest.apply([
      newNormalized({ type: 'none', subject: null }),
      newNormalized({ type: 'none', data: [1] }),
    ]);
    expect(await readState('none')).toEqual({});
  });

  it('names a subject whose document grows too large, and applies the others', async () => {
    const refused: string[] = [];
    const writer = createLatest(connection, { onRefused: (id) => refused.push(id) });
    const big = newNormalized({ type: 'big', subject: 'big' });
    for (const part of ['a', 'b', 'c']) {
      const data = { [part]: 'x'.repeat(6 * 1024 * 1024) };
      await writer.apply([{ ...big, data }, newNormalized({ type: 'big', subject: `small-${part}` })]);
    }
    expect(refused).toEqual([toLatestId({ ...big, subject: 'big' })]);
    expect(Object.keys(await readState('big'))).toEqual(
      expect.arrayContaining(['small-a', 'small-b', 'small-c']),
    );
  });

  it('does the same for one that is too large before it is sent, because much came at once', async () => {
    const refused: string[] = [];
    const writer = createLatest(connection, { onRefused: (id) => refused.push(id) });
    const subject = 'at-once';
    for (const parts of ['ab', 'abc', 'abcd']) {
      const large = [...parts].map((part) =>
        newNormalized({ type: parts, subject, data: { [part]: 'x'.repeat(8.1 * 1024 * 1024) } }),
      );
      const small = newNormalized({ type: parts, subject: 'small', data: { n: 1 } });
      await writer.apply([...large, small]);
      expect(refused.splice(0)).toEqual([toLatestId({ ...small, subject })]);
      expect(await readState(parts)).toEqual({ small: { n: 1 } });
    }
  });
});

describe('vitals', () => {
  const vitals = createVitals(connection);

  async function seed(tenant: string): Promise<void> {
    const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);
    const receivedAt = at(100);
    const record = (subject: string, seconds: number, data: JsonObject) =>
      newNormalized({ tenant, type: 'vitals', subject, timestamp: at(seconds), receivedAt, data });
    await latest.apply([
      record('d1', 3, { deviceId: 'd1', heartRate: 60 }),
      record('d1', 1, { deviceId: 'd1', heartRate: 99, breathRate: 12 }),
      record('d2', 2, { deviceId: 'd2', heartRate: 80, breathRate: 10 }),
      record('d3', 1, { deviceId: 'd3', heartRate: 70, breathRate: 11 }),
    ]);
  }

  it('answers the newest value of each sign of each device', async () => {
    await seed('newest');
    const answer = await vitals.list('newest', {
      count: 20,
      offset: 0,
      sortBy: 'timestamp',
      orderBy: 'desc',
    });
    expect(answer).toEqual({
      total: 3,
      resources: [
        { deviceId: 'd1', timestamp: 1_700_000_003, heartRate: 60, breathRate: 12 },
        { deviceId: 'd2', timestamp: 1_700_000_002, heartRate: 80, breathRate: 10 },
        { deviceId: 'd3', timestamp: 1_700_000_001, heartRate: 70, breathRate: 11 },
      ],
    });
  });

  it.each([
    ['timestamp', 'asc', ['d3', 'd2', 'd1']],
    ['deviceId', 'desc', ['d3', 'd2', 'd1']],
    ['heartRate', 'asc', ['d1', 'd3', 'd2']],
    ['breathRate', 'desc', ['d1', 'd3', 'd2']],
  ] as const)('sorts by %s %s', async (sortBy, orderBy, expected) => {
    const tenant = `sort-${sortBy}`;
    await seed(tenant);
    const { resources } = await vitals.list(tenant, { count: 20, offset: 0, sortBy, orderBy });
    expect(resources.map(({ deviceId }) => deviceId)).toEqual(expected);
    const page = await vitals.list(tenant, { count: 1, offset: 1, sortBy, orderBy });
    expect(page.resources.map(({ deviceId }) => deviceId)).toEqual([expected[1]]);
    expect(page.total).toBe(3);
  });
});
