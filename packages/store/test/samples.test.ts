import { mappingSchema } from '@sluice/contracts/mapping';
import { storedSourceSchema } from '@sluice/contracts/source';
import { MAX_MARKS, type Sample } from '@sluice/contracts/stats-history';
import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createMappings } from '../src/mappings.ts';
import { createSamples } from '../src/samples.ts';
import { createSourceStore } from '../src/sources-store.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const samples = createSamples(connection);
const START = Date.UTC(2026, 0, 2);
const HOUR = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();

const toSample = (atMs: number, waiting: number | null, lag: number | null = null): Sample => ({
  at: new Date(atMs),
  queue:
    waiting === null
      ? null
      : { waiting, active: 1, delayed: 0, failed: 0, parked: 0, oldestWaitingMs: waiting * 10 || null },
  hasBackup: lag !== null,
  replicationLagMs: lag,
});

describe('samples', () => {
  it('are one for each moment', async () => {
    expect(await samples.insert(toSample(START - HOUR, 1))).toBe(true);
    expect(await samples.insert(toSample(START - HOUR, 2))).toBe(false);
  });

  it('are noted with their hour, or not at all', async () => {
    const at = START + 7 * HOUR;
    const hour = { _id: `hour:${iso(at)}` };
    const noted = toCollection(connection, 'samples');
    // Nothing can be set within a text, so the hour is refused.
    await connection.db
      .collection<{ _id: string; queue: string }>('samples')
      .insertOne({ ...hour, queue: 'x' });
    await expect(samples.insert(toSample(at, 9))).rejects.toThrow('queue');
    expect(await noted.countDocuments({ at: new Date(at) })).toBe(0);
    await noted.deleteOne(hour);
    expect(await samples.insert(toSample(at, 9))).toBe(true);
    expect(await noted.findOne(hour)).toMatchObject({ queue: { waiting: 9 } });
  });

  it('are read in buckets that hold the most of each, and null where nobody knows', async () => {
    const values = [
      toSample(START, 3, 100),
      toSample(START + 15_000, 5),
      toSample(START + 30_000, 0, 50),
      toSample(START + 60_000, null),
    ];
    for (const one of values) await samples.insert(one);
    const hour = { from: iso(START), to: iso(START + HOUR) };
    const { buckets, stepSeconds, hasBackup, marks } = await samples.read('default', hour, START + 125_000);
    expect([stepSeconds, hasBackup, marks]).toEqual([30, true, []]);
    expect(buckets.map(({ at }) => at)).toEqual([0, 30, 60, 90, 120].map((s) => iso(START + s * 1000)));
    expect(buckets.map(({ queue }) => queue?.waiting ?? null)).toEqual([5, 0, null, null, null]);
    expect(buckets.map(({ queue }) => queue?.oldestWaitingMs ?? null)).toEqual([50, null, null, null, null]);
    expect(buckets.map(({ replicationLagMs }) => replicationLagMs)).toEqual([100, 50, null, null, null]);
    const month = await samples.read(
      'default',
      { from: iso(START - 480 * HOUR), to: iso(START + HOUR) },
      START + HOUR,
    );
    expect([month.stepSeconds, month.hasBackup]).toEqual([21_600, true]);
    expect(month.buckets.slice(-2)).toMatchObject([
      { queue: { waiting: 1 }, replicationLagMs: null },
      { queue: { waiting: 5, active: 1, oldestWaitingMs: 50 }, replicationLagMs: 100 },
    ]);
    const before = await samples.read('default', { to: iso(START - 2 * HOUR) }, START);
    expect([before.buckets.length, before.hasBackup]).toEqual([120, false]);
  });

  it('come with the mappings that changed and the operations on many events, of the own tenant', async () => {
    const { db } = connection;
    const at = new Date(START + 1000);
    await db.collection<{ _id: string; [name: string]: unknown }>('sources').insertMany([
      { _id: 'mine', tenant: 'default' },
      { _id: 'theirs', tenant: 'other' },
    ]);
    await db.collection<{ _id: string; [name: string]: unknown }>('mappings').insertMany([
      { _id: 'mine:1', source: 'mine', revision: 1, retiredAt: at },
      { _id: 'mine:2', source: 'mine', revision: 2, activatedAt: at, retiredAt: new Date(START + 60_000) },
      // More than an answer holds, and newer.
      ...Array.from({ length: MAX_MARKS + 1 }, (_, n) => ({
        ...{ _id: `theirs:${n}`, source: 'theirs', revision: n },
        ...{ activatedAt: new Date(START + 90_000 + n), retiredAt: new Date(START + 95_000 + n) },
      })),
    ]);
    const operation = { tenant: 'default', event: null, createdAt: new Date(START + 2000) };
    await db.collection<{ _id: string; [name: string]: unknown }>('operations').insertMany([
      { _id: 'op_1', ...operation, kind: 'replay' },
      { _id: 'op_2', ...operation, kind: 'replay', event: 'evt_1' },
      { _id: 'op_3', ...operation, kind: 'fullSync', createdAt: new Date(START + 3000) },
      { _id: 'op_4', ...operation, kind: 'discard', tenant: 'other' },
    ]);
    await db.command({ profile: 2 });
    const { marks } = await samples
      .read('default', { from: iso(START), to: iso(START + HOUR) }, START + HOUR)
      .finally(() => db.command({ profile: 0 }));
    const asked = await db.collection('system.profile').find({ 'command.aggregate': 'mappings' }).toArray();
    expect(asked.map(({ planSummary }) => planSummary).toSorted()).toEqual([
      'IXSCAN { activatedAt: -1 }',
      'IXSCAN { retiredAt: -1 }',
    ]);
    expect(marks).toEqual([
      { at: iso(START + 60_000), kind: 'mapping-retired', subject: 'mine', revision: 2 },
      { at: iso(START + 3000), kind: 'full-sync', subject: 'op_3', revision: null },
      { at: iso(START + 2000), kind: 'replay', subject: 'op_1', revision: null },
      { at: iso(START + 1000), kind: 'mapping', subject: 'mine', revision: 2 },
    ]);
  });

  it('mark a mapping as retired only where no other took its place, which may have changed again since', async () => {
    const mappings = createMappings(connection);
    await createSourceStore(connection).create(
      storedSourceSchema.parse({ id: 'again', kind: 'push', secrets: [] }),
    );
    const mapping = mappingSchema.parse({ type: 'metric', fields: { amount: { from: 'a', as: 'number' } } });
    for (const revision of [1, 2, 3]) {
      await mappings.createDraft('again', mapping);
      await mappings.activate('again', revision);
    }
    await mappings.activate('again', 2);
    const day = START + 48 * HOUR;
    // As if five minutes had passed between any two of them.
    const times = [
      { retiredAt: new Date(day) },
      { activatedAt: new Date(day + 600_000) },
      { activatedAt: new Date(day + 300_000), retiredAt: new Date(day + 600_000) },
    ];
    const setTimes = async (revision: number, $set: object) =>
      toCollection(connection, 'mappings').updateOne({ _id: `again:${revision}` }, { $set });
    for (const [index, changed] of times.entries()) await setTimes(index + 1, changed);
    const readMarks = async () => {
      const query = { from: iso(day), to: iso(day + HOUR) };
      const { marks } = await samples.read('default', query, day + HOUR);
      return marks.map(({ kind, revision }) => `${kind} ${revision}`);
    };
    expect(await readMarks()).toEqual(['mapping 2', 'mapping 3']);
    await mappings.retire('again', 2);
    await setTimes(2, { retiredAt: new Date(day + 900_000) });
    expect(await readMarks()).toEqual(['mapping-retired 2', 'mapping 2', 'mapping 3']);
    expect(await mappings.get('again', 3)).not.toHaveProperty('replacedBy');
  });

  it.each([
    [{ from: iso(START), to: iso(START) }, 'from'],
    [{ from: iso(START - 32 * 24 * HOUR - 1000), to: iso(START) }, 'from'],
  ])('refuse a time that is none, or too long', async (query, parameter) => {
    await expect(samples.read('default', query, START)).rejects.toMatchObject({
      code: 'ERR_QUERY_INVALID',
      errors: [{ pointer: `/${parameter}` }],
    });
  });

  it('can be asked for of 31 days up to the end of the bucket in which now is', async () => {
    const now = START + 13 * HOUR;
    const query = { from: iso(now - 31 * 24 * HOUR), to: iso(now + 48 * HOUR) };
    const { buckets } = await samples.read('default', query, now);
    expect(buckets.at(-1)?.at).toBe(iso(START + 12 * HOUR));
  });
});
