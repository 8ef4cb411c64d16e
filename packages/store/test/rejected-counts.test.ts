import { DEFAULT_TENANT } from '@sluice/contracts/event';
import { ObjectId } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { readRecentOutcomes } from '../src/recent-outcomes.ts';
import { readRejectedCounts } from '../src/rejected-counts.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const MINUTE = 60_000;
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;
let made = 0;

/** Keeps refused requests of one moment, as an overloaded ingest does: many at once. */
async function refuse(agoMs: number, count: number, bodyBytes = 0): Promise<void> {
  const seconds = ((NOW - agoMs) / 1000).toString(16).padStart(8, '0');
  const documents = Array.from({ length: count }, () => {
    made += 1;
    const _id = new ObjectId(`${seconds}${made.toString(16).padStart(16, '0')}`);
    return { _id, tenant: DEFAULT_TENANT, source: 'x', body: Buffer.alloc(bodyBytes) };
  });
  await connection.db.collection('rejections').insertMany(documents);
}

async function read(agoMs: number) {
  const time = { fromMs: NOW - agoMs, endMs: NOW, stepMs: MINUTE };
  const { counts, knownFrom } = await readRejectedCounts(connection, DEFAULT_TENANT, time);
  const byAge = counts.map(({ atMs, count }) => [(NOW - atMs) / MINUTE, count] as const);
  return { counts: Object.fromEntries(byAge), knownFromMs: knownFrom && NOW - knownFrom.getTime() };
}

describe('refused requests', () => {
  it('are all known while none was forgotten, however late the first of them came', async () => {
    expect(await read(60 * MINUTE)).toEqual({ counts: {}, knownFromMs: null });
    await refuse(30 * MINUTE, 10);
    expect(await read(60 * MINUTE)).toEqual({ counts: { 30: 10 }, knownFromMs: null });
  });

  it('are known from the oldest on that was counted, where there are too many to count', async () => {
    await refuse(20 * MINUTE, 50_000);
    expect(await read(60 * MINUTE)).toEqual({ counts: { 20: 50_000 }, knownFromMs: 20 * MINUTE - 1000 });
    expect((await read(10 * MINUTE)).knownFromMs).toBeNull();
  });

  it('are known from the oldest on that is kept, once others were overwritten', async () => {
    for (let portion = 0; portion < 6; portion += 1) await refuse(10 * MINUTE, 100, 64 * 1024);
    const { counts, knownFromMs } = await read(60 * MINUTE);
    expect(Object.keys(counts)).toEqual(['10']);
    expect(knownFromMs).toBe(10 * MINUTE - 1000);
    const answer = await readRecentOutcomes(connection, DEFAULT_TENANT, { stepSeconds: 60 }, NOW);
    expect(answer.rejectedKnownFrom).toBe(new Date(NOW - 10 * MINUTE + 1000).toISOString());
    expect((await read(5 * MINUTE)).knownFromMs).toBeNull();
  });
});
