import { createTestNames } from '@sluice/local/test-names';
import { Binary, type Db, MongoClient, type OptionalId } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createBook } from './book.ts';
import type { Check } from './check.ts';
import { checkAnswers, checkInvented, checkKept, checkStatuses } from './checks.ts';
import { createLosses } from './losses.ts';
import { watchStatuses } from './status-watch.ts';
import { readStoredEvents } from './stored-events.ts';

const names = createTestNames();
let client: MongoClient;
let db: Db;

beforeAll(async () => {
  client = await MongoClient.connect(names.mongoUrl);
  db = client.db(names.database);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});
beforeEach(async () => {
  await db.collection('raw_events').deleteMany({});
  await db.collection('normalized_events').deleteMany({});
});

const ID = `evt_${'1'.repeat(32)}`;
const TWIN = `evt_${'2'.repeat(32)}`;

type Document = OptionalId<{ _id: string }> & Record<string, unknown>;

function toRaw(_id: string, body: string, more: object = {}): Document {
  const at = new Date();
  const common = { status: 'normalized', attempts: 1, run: 0, source: 'plain', normalizedHash: 'h1' };
  return { _id, body: new Binary(Buffer.from(body)), storedAt: at, updatedAt: at, ...common, ...more };
}

async function store(raw: readonly Document[], records: readonly Document[]): Promise<void> {
  await db.collection<Document>('raw_events').insertMany([...raw]);
  if (records.length > 0) await db.collection<Document>('normalized_events').insertMany([...records]);
}

function toRecord(_id: string, normalizedHash = 'h1', amount = 1): Document {
  return { _id, source: 'plain', normalizedHash, data: { amount } };
}

/** A book in which every given body was answered 202 under the id. */
function bookOf(...answers: readonly (readonly [body: string, id: string])[]) {
  const book = createBook();
  for (const [body, id] of answers) {
    book.sent(body);
    book.answered(body, 'ingest', { kind: 'ok', id, isDuplicate: false, ms: 5 }, false);
  }
  return book;
}

async function readBroken(book = bookOf(['a', ID])): Promise<string[]> {
  const stored = await readStoredEvents(db, createLosses());
  const checks: Check[] = [
    ...checkKept(book.read(), stored, new Set()),
    checkInvented(book.read(), stored),
    ...stored.checks,
  ];
  return checks.filter(({ broken }) => broken.length > 0).map(({ name }) => name);
}

it('finds nothing wrong where nothing is', async () => {
  await store([toRaw(ID, 'a'), toRaw(TWIN, 'b', { status: 'duplicate', duplicateOf: ID })], [toRecord(ID)]);
  expect(await readBroken(bookOf(['a', ID], ['b', TWIN]))).toEqual([]);
});

it('notices an event that was accepted and is gone', async () => {
  await store([toRaw(ID, 'a')], [toRecord(ID)]);
  expect(await readBroken(bookOf(['a', ID], ['b', TWIN]))).toEqual(['none lost: every 202 is stored']);
});

it('notices other bytes, which were then never sent either', async () => {
  await store([toRaw(ID, 'A')], [toRecord(ID)]);
  expect(await readBroken()).toEqual(['bytes intact', 'none invented']);
});

it('takes another body under the same key for kept when it is stored as a conflict', async () => {
  const conflict = { status: 'dead', code: 'ERR_KEY_REUSED', conflictOf: ID };
  await store([toRaw(ID, 'a'), toRaw(TWIN, 'b', conflict)], [toRecord(ID)]);
  expect(await readBroken(bookOf(['a', ID], ['b', ID]))).toEqual([]);
});

it('notices what was refused and is stored all the same', async () => {
  const book = createBook();
  book.sent('a');
  book.answered('a', 'ingest', { kind: 'refused', status: 401, code: 'ERR_SIGNATURE_INVALID', ms: 5 }, false);
  await store([toRaw(ID, 'a')], [toRecord(ID)]);
  expect(await readBroken(book)).toEqual(['none invented']);
});

it('notices one reading that is two records', async () => {
  await store(
    [toRaw(ID, 'a'), toRaw(TWIN, 'b', { normalizedHash: 'h2' })],
    [toRecord(ID), toRecord(TWIN, 'h2')],
  );
  expect(await readBroken(bookOf(['a', ID], ['b', TWIN]))).toEqual(['one copy: one record for each reading']);
});

it.each([
  ['dead without a reason of its own', { status: 'dead', code: 'ERR_UNEXPECTED' }],
  ['still to be retried', { status: 'failed' }],
])('notices an event that is %s', async (_what, fields) => {
  await store([toRaw(ID, 'a', fields)], []);
  expect(await readBroken()).toEqual(['all final, dead by their nature only, no attempt lost to a fault']);
});

it('notices an attempt that an outage used up', async () => {
  await store([toRaw(ID, 'a', { attempts: 2 })], [toRecord(ID)]);
  expect(await readBroken()).toEqual(['all final, dead by their nature only, no attempt lost to a fault']);
});

it('notices a status that left a final one', async () => {
  const watch = await watchStatuses(db);
  await store([toRaw(ID, 'a')], [toRecord(ID)]);
  await db.collection<Document>('raw_events').updateOne({ _id: ID }, { $set: { status: 'failed' } });
  await vi.waitFor(() => expect(watch.illegal()).toEqual([`${ID} went from normalized to failed`]), 10_000);
  const stored = await readStoredEvents(db, createLosses());
  expect(checkStatuses(watch, stored).broken).toHaveLength(1);
  await watch.stop();
});

it('notices a late answer, but not of a process that was frozen', () => {
  const book = createBook();
  const late = { kind: 'ok', id: ID, isDuplicate: false, ms: 3001 } as const;
  book.sent('a');
  book.answered('a', 'ingest', late, true);
  expect(checkAnswers(book.read())[0]?.broken).toEqual([]);
  book.answered('a', 'ingest', late, false);
  expect(checkAnswers(book.read())[0]?.broken).toHaveLength(1);
});
