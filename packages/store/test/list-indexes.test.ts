import { aggregatesQuerySchema } from '@sluice/contracts/aggregates';
import {
  normalizedQuerySchema,
  rawQuerySchema,
  rejectionQuerySchema,
  vitalQuerySchema,
} from '@sluice/contracts/api';
import { auditQuerySchema } from '@sluice/contracts/audit';
import type { RawEventDocument } from '@sluice/contracts/event';
import { hourlyStatsQuerySchema } from '@sluice/contracts/hourly-stats';
import type { Document } from 'mongodb';
import { beforeAll, expect, it } from 'vitest';
import { createAggregates } from '../src/aggregates.ts';
import { createAuditLog } from '../src/audit-log.ts';
import { createEventStore } from '../src/event-store.ts';
import { createLatest } from '../src/latest.ts';
import { createNormalizedEvents } from '../src/normalized-events.ts';
import { createRawEvents } from '../src/raw-events.ts';
import { createRejections } from '../src/rejections.ts';
import { createRollups } from '../src/rollups.ts';
import { readHourlyStats } from '../src/stats-hourly.ts';
import { createVitals } from '../src/vitals.ts';
import { useDatabase } from './database.ts';
import { NOW, newNormalized, newPlan, newRaw } from './documents.ts';

/*
 * Every filter of every list, alone and two together, with and without a cursor, is put to MongoDB as the api does it.
 * Of each two values one is rare and both are never together, so that a filter which is not answered by an index has
 * to look at far more documents than a page has.
 */
const connection = useDatabase();
const TENANT = 'default';
const EVENTS = 3_000;
const RARE_EVERY = 50;
const LIMIT = 5;
/** Documents read for a page at most: MongoDB tries plans beside one another, and looks one document ahead. */
const PAGE_READS = 5 * (LIMIT + 1);

const at = (index: number) => new Date(NOW.getTime() - index * 1000);
const FROM = at(EVENTS).toISOString();
const TO = at(2).toISOString();

type Query = Readonly<Record<string, string>>;
type Page = { readonly nextCursor?: string | null };
type List = {
  readonly collection: string;
  readonly schema: { readonly shape: Readonly<Record<string, unknown>> };
  /** A value for each filter of the schema; one that has none here makes the test fail. */
  readonly filters: Query;
  readonly run: (query: Query) => Promise<unknown>;
  /** Documents that a question may look at besides. */
  readonly spare?: (query: Query) => number;
};

/** What a filter of a list is not. */
const NO_FILTERS = ['limit', 'cursor', 'client_id', 'count', 'offset'];

const raw = createRawEvents(connection);
const normalized = createNormalizedEvents(connection);
const rejections = createRejections(connection);
const audit = createAuditLog(connection);

const LISTS: readonly List[] = [
  {
    collection: 'raw_events',
    schema: rawQuerySchema,
    filters: {
      ...{
        status: 'duplicate',
        source: 'rare',
        code: 'ERR_FIELD_REQUIRED',
        fingerprint: 'rare',
        discarded: 'true',
      },
      ...{ from: FROM, to: TO },
    },
    run: (query) => raw.list(TENANT, rawQuerySchema.parse({ limit: LIMIT, ...query })),
    // Whether a dead letter was discarded is looked up in it: as many as there are dead letters.
    spare: (query) => ('discarded' in query ? EVENTS : 0),
  },
  {
    collection: 'normalized_events',
    schema: normalizedQuerySchema,
    filters: { source: 'rare', type: 'rare', subject: 'rare', from: FROM, to: TO },
    run: (query) => normalized.list(TENANT, normalizedQuerySchema.parse({ limit: LIMIT, ...query })),
  },
  {
    collection: 'rejections',
    schema: rejectionQuerySchema,
    filters: { cause: 'rare', source: 'rare' },
    run: (query) => rejections.list(TENANT, rejectionQuerySchema.parse({ limit: LIMIT, ...query })),
  },
  {
    collection: 'audit_log',
    schema: auditQuerySchema,
    filters: { actor: 'rare', action: 'rare', from: FROM, to: TO },
    run: (query) => audit.list(TENANT, auditQuerySchema.parse({ limit: LIMIT, ...query })),
  },
  {
    collection: 'rollups',
    schema: aggregatesQuerySchema,
    filters: {
      ...{ source: 'rare', type: 'rare', metric: 'rare', interval: 'minute' },
      ...{ startDate: at(600).toISOString(), endDate: TO },
    },
    run: (query) => createAggregates(connection).read(TENANT, aggregatesQuerySchema.parse(query)),
  },
  {
    collection: 'outcomes',
    schema: hourlyStatsQuerySchema,
    filters: { source: 'rare', from: FROM, to: TO },
    run: (query) => readHourlyStats(connection, TENANT, hourlyStatsQuerySchema.parse(query), NOW.getTime()),
  },
  {
    collection: 'latest',
    schema: vitalQuerySchema,
    filters: { sortBy: 'deviceId', orderBy: 'asc' },
    run: (query) => createVitals(connection).list(TENANT, vitalQuerySchema.parse({ count: '5', ...query })),
    // By anything but the device they are sorted anew each time: an index would be moved by every event.
    spare: (query) => (query['sortBy'] === 'deviceId' ? 0 : EVENTS),
  },
];

beforeAll(async () => {
  const indexes = Array.from({ length: EVENTS }, (_, index) => index);
  const isRare = (index: number, offset: number) => index % RARE_EVERY === offset;
  const store = createEventStore(connection);
  const records = indexes.map((index) =>
    newNormalized({
      source: isRare(index, 1) ? 'rare' : 'shop',
      type: isRare(index, 2) ? 'rare' : index % 2 === 0 ? 'vitals' : 'metric',
      subject: isRare(index, 3) ? 'rare' : `s${index}`,
      timestamp: index % 10 === 9 ? null : at(index),
      receivedAt: at(index),
      data: { metric: isRare(index, 4) ? 'rare' : 'sales', amount: 1, heartRate: index },
    }),
  );
  const raws = indexes.map((index) =>
    newRaw({
      receivedAt: at(index),
      source: isRare(index, 1) ? 'rare' : 'shop',
      ...(index % 4 === 0 ? toDead(index, isRare(index, 4)) : {}),
      ...(index % 4 === 2 ? { status: 'duplicate' as const } : {}),
    }),
  );
  await store.commit(newPlan({ normalized: records, rawInserts: raws }));
  await createLatest(connection).apply(records);
  await createRollups(connection).fold();
  for (const [name, document] of [
    ['rejections', toRejection],
    ['audit_log', toAuditEntry],
  ] as const) {
    await connection.db
      .collection<Document>(name)
      .insertMany(indexes.map((index) => document(index, isRare(index, 1), isRare(index, 2))));
  }
  // It ends with the database.
  await connection.db.command({ profile: 2 });
});

function toDead(index: number, isRare: boolean): Partial<RawEventDocument> {
  return {
    status: 'dead',
    code: isRare ? 'ERR_FIELD_REQUIRED' : 'ERR_UNEXPECTED',
    fingerprint: index % 100 === 8 ? 'rare' : 'common',
    ...(index % 100 === 0 ? { discarded: { at: NOW, by: 'me', reason: 'test' } } : {}),
  };
}

function toRejection(index: number, isRareSource: boolean, isRareCause: boolean) {
  return {
    ...{ at: at(index), tenant: TENANT, source: isRareSource ? 'rare' : 'shop', code: 'ERR_JSON_INVALID' },
    ...{ cause: isRareCause ? 'rare' : 'ERR_JSON_INVALID', detail: '', requestId: 'r', status: 400 },
    ...{ method: 'POST', path: '/', headers: {}, body: Buffer.from('x'), remote: '' },
  };
}

function toAuditEntry(index: number, isRareActor: boolean, isRareAction: boolean): Document {
  return {
    _id: `audit-${index}`,
    ...{ at: at(index), tenant: TENANT, action: isRareAction ? 'rare' : 'replayEvent', method: 'POST' },
    actor: { keyId: null, name: isRareActor ? 'rare' : 'me', role: 'admin' },
    ...{
      path: '/',
      params: {},
      changes: null,
      reason: null,
      requestId: 'r',
      remote: '',
      status: 200,
      code: null,
    },
  } as unknown as Document;
}

function* toQueries(filters: Query): Generator<Query> {
  const names = Object.keys(filters);
  const pick = (...chosen: string[]) => Object.fromEntries(chosen.map((name) => [name, filters[name] ?? '']));
  yield {};
  for (const [index, name] of names.entries()) {
    yield pick(name);
    for (const other of names.slice(index + 1)) yield pick(name, other);
  }
}

it.each(LISTS)('$collection is never scanned, whatever is asked', async (list) => {
  const named = Object.keys(list.schema.shape).filter((name) => !NO_FILTERS.includes(name));
  expect(Object.keys(list.filters).toSorted()).toEqual(named.toSorted());
  for (const query of toQueries(list.filters)) {
    const first = await profile(list, query);
    const { nextCursor } = first.answer as Page;
    const entries = [...first.entries];
    if (typeof nextCursor === 'string') {
      entries.push(...(await profile(list, { ...query, cursor: nextCursor })).entries);
    }
    const spare = list.spare?.(query) ?? 0;
    for (const entry of entries) {
      const text = `${JSON.stringify(query)} ${JSON.stringify(entry)}`;
      expect(entry['planSummary'], text).not.toContain('COLLSCAN');
      expect(entry['docsExamined'], text).toBeLessThanOrEqual(
        Math.max(PAGE_READS, entry['nreturned']) + spare,
      );
      if (spare === 0) expect(entry['hasSortStage'] ?? false, text).toBe(false);
    }
  }
});

/** Puts a question, and asks MongoDB how it answered. */
async function profile({ collection, run }: List, query: Query) {
  const { db } = connection;
  const since = await db.collection('system.profile').countDocuments();
  const answer = await run(query);
  const found = await db.collection('system.profile').find().skip(since).toArray();
  const entries = found
    .filter(({ ns }) => ns === `${db.databaseName}.${collection}`)
    .map(({ planSummary, docsExamined, keysExamined, nreturned, hasSortStage }) => ({
      ...{ planSummary, docsExamined, keysExamined, nreturned, hasSortStage },
    }));
  expect(entries.length).toBeGreaterThan(0);
  return { answer, entries };
}
