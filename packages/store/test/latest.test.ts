import { randomInt } from 'node:crypto';
import type { JsonObject, JsonValue } from '@sluice/contracts/json';
import { describe, expect, it } from 'vitest';
import { type LatestDocument, toCollection } from '../src/collections.ts';
import { createLatest, TRIM_ROUNDS } from '../src/latest.ts';
import {
  fromFieldKey,
  type LatestRecord,
  MAX_FIELDS,
  MAX_NAME_LENGTH,
  MAX_VALUE_BYTES,
  toLatestId,
} from '../src/latest-fields.ts';
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

/** Makes the events of a subject that bring so many fields: `<begin>0`, `<begin>1`, ... */
function newWide(fields: Partial<LatestRecord>, begin: string, count: number, value: JsonValue = 1) {
  const names = Array.from({ length: count }, (_, index) => `${begin}${index}`);
  const events: LatestRecord[] = [];
  while (names.length > 0) {
    const data = Object.fromEntries(names.splice(0, MAX_FIELDS).map((name) => [name, value]));
    events.push(newNormalized({ ...fields, data }));
  }
  return events;
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
    const big = { type: 'big', subject: 'big' };
    const value = 'x'.repeat(MAX_VALUE_BYTES);
    await writer.apply(newWide(big, 'a', MAX_FIELDS, value));
    const many = newWide(big, 'b', 3_700, value);
    await writer.apply([...many, newNormalized({ type: 'big', subject: 'small' })]);
    expect(refused).toEqual([toLatestId({ ...newNormalized(), ...big })]);
    const { big: kept, small } = await readState('big');
    expect(Object.keys(kept ?? {})).toHaveLength(MAX_FIELDS);
    expect(small).toEqual({ metric: 'sales', amount: 1 });
  });

  it('does the same for one that is too large before it is sent, because much came at once', async () => {
    const refused: string[] = [];
    const writer = createLatest(connection, { onRefused: (id) => refused.push(id) });
    const subject = 'at-once';
    for (const count of [4_050, 6_000, 8_000]) {
      const type = `at-once-${count}`;
      const large = newWide({ type, subject }, 'a', count, 'x'.repeat(MAX_VALUE_BYTES));
      const small = newNormalized({ type, subject: 'small', data: { n: 1 } });
      await writer.apply([...large, small]);
      expect(refused.splice(0)).toEqual([toLatestId({ ...small, subject })]);
      expect(await readState(type)).toEqual({ small: { n: 1 } });
    }
  });

  it('leaves out what is too large, and what has too long a name', async () => {
    const small = {
      text: 'x'.repeat(MAX_VALUE_BYTES),
      list: new Array<number>(200).fill(1),
      ['n'.repeat(MAX_NAME_LENGTH)]: 1,
    };
    const large = {
      largeText: 'x'.repeat(MAX_VALUE_BYTES + 1),
      // Fewer characters, but more bytes.
      wideText: '\u20ac'.repeat(MAX_VALUE_BYTES / 2),
      longList: new Array<number>(MAX_VALUE_BYTES).fill(1),
      wideObject: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`n${index}`, null])),
      longKey: { ['k'.repeat(MAX_VALUE_BYTES)]: 1 },
      deep: [[['x'.repeat(MAX_VALUE_BYTES)]]],
      ['n'.repeat(MAX_NAME_LENGTH + 1)]: 1,
    };
    await latest.apply([
      newNormalized({ type: 'large', data: { ...large, ...small } }),
      newNormalized({ type: 'large', subject: 's'.repeat(1025), data: { n: 1 } }),
    ]);
    expect(await readState('large')).toEqual({ sales: small });
  });

  it('cuts a subject back to the fields that it had first, and goes on with those', async () => {
    const wide = { type: 'wide', subject: 'wide' };
    await latest.apply(newWide(wide, 'n', MAX_FIELDS));
    const known = newWide(wide, 'n', MAX_FIELDS);
    const later = { ...wide, timestamp: new Date(NOW.getTime() + 1) };
    const writers = [latest, createLatest(connection), createLatest(connection)];
    await Promise.all(writers.map((writer, index) => writer.apply(newWide(later, `made-up-${index}-`, 300))));
    await latest.apply(newWide(later, 'n', MAX_FIELDS, 2));
    for (let round = 0; round < TRIM_ROUNDS; round += 1) await latest.apply(known);
    const expected = Object.keys(known[0]?.data as JsonObject).map((name) => [name, 2]);
    expect(await readState('wide')).toEqual({ wide: Object.fromEntries(expected) });
  });

  it('does the same for each of several subjects that come together, after some rounds', async () => {
    const type = 'several';
    const subjects = ['one', 'two'];
    await latest.apply(subjects.flatMap((subject) => newWide({ type, subject }, 'n', MAX_FIELDS + 100)));
    // Which of them is looked at is left to chance.
    for (let round = 0; round < 40 * TRIM_ROUNDS; round += 1) {
      await latest.apply(subjects.flatMap((subject) => newWide({ type, subject }, 'n', 1)));
    }
    for (const state of Object.values(await readState(type))) {
      expect(Object.keys(state)).toHaveLength(MAX_FIELDS);
    }
  });

  it('goes on with a subject whose document is full, from when values had no bound', async () => {
    const refused: string[] = [];
    const writer = createLatest(connection, { onRefused: (id) => refused.push(id) });
    const event = newNormalized({ type: 'full', subject: 'full', data: { first: 1 } });
    await writer.apply([event]);
    const stored = (v: JsonValue) => ({ t: NOW, r: NOW, i: '', v });
    const parts = Array.from({ length: 16 }, (_, index) => [
      `fields.p${index}`,
      stored('x'.repeat(1_048_000)),
    ]);
    await toCollection(connection, 'latest').updateOne({ type: 'full' }, { $set: Object.fromEntries(parts) });
    await writer.apply([{ ...event, data: { second: 'x'.repeat(MAX_VALUE_BYTES) } }]);
    await writer.apply([{ ...event, data: { third: 'x'.repeat(MAX_VALUE_BYTES) } }]);
    expect(refused).toEqual([]);
    const { full } = await readState('full');
    expect(Object.keys(full ?? {})).toEqual(['first', 'second', 'third']);
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

  it('reads numbers alone, and of no device more than it may have', async () => {
    const stored = (v: JsonValue) => ({ t: NOW, r: NOW, i: '', v });
    const text = stored('x'.repeat(1_000_000));
    const numbers = Object.fromEntries(
      Array.from({ length: MAX_FIELDS + 1 }, (_, index) => [`n${index}`, index]),
    );
    const signs = Object.entries(numbers).map(([name, n]) => [name, stored(n)] as const);
    const subject = { tenant: 'bounded', source: 'shop', type: 'vitals', timestamp: NOW };
    const fields = {
      text,
      list: stored([1]),
      ['k'.repeat(1_000_000)]: stored(1),
      ...Object.fromEntries(signs),
    };
    await toCollection(connection, 'latest').insertMany([
      { ...subject, _id: 'bounded-1', subject: 'd1', fields },
      { ...subject, _id: 'bounded-2', subject: 'd2', fields: { 'a%2Eb': stored(0.5), text } },
    ]);
    const query = { count: 20, offset: 0, sortBy: 'deviceId', orderBy: 'asc' } as const;
    await connection.db.command({ profile: 2 });
    const { resources } = await vitals.list('bounded', query);
    await connection.db.command({ profile: 0 });
    const [asked] = await connection.db
      .collection('system.profile')
      .find({ 'command.find': 'latest', 'command.filter.tenant': 'bounded' })
      .toArray();
    expect(asked?.['responseLength']).toBeLessThan(50_000);
    const timestamp = NOW.getTime() / 1000;
    const { [`n${MAX_FIELDS}`]: last, ...first } = numbers;
    expect(last).toBe(MAX_FIELDS);
    expect(resources).toEqual([
      { deviceId: 'd1', timestamp, ...first },
      { deviceId: 'd2', timestamp, 'a.b': 0.5 },
    ]);
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
