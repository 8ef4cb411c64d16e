import type { NormalizedQuery, RawQuery } from '@sluice/contracts/api';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEventStore } from '../src/event-store.ts';
import { createNormalizedEvents } from '../src/normalized-events.ts';
import { createRawEvents, toRawItem } from '../src/raw-events.ts';
import { useDatabase } from './database.ts';
import { NOW, newNormalized, newPlan, newRaw } from './documents.ts';

const connection = useDatabase();
const store = createEventStore(connection);
const raw = createRawEvents(connection);
const normalized = createNormalizedEvents(connection);
const TENANT = 'mine';

const at = (ms: number): Date => new Date(NOW.getTime() + ms);
// Many equal times, so that pages end among them.
const raws = Array.from({ length: 40 }, (_, index) =>
  newRaw({
    tenant: TENANT,
    source: index % 2 === 0 ? 'shop' : 'erp',
    receivedAt: at(Math.floor(index / 10)),
    ...(index % 4 === 0 ? { status: 'dead', code: 'ERR_FIELD_REQUIRED' } : { status: 'normalized' }),
  }),
);
const records = Array.from({ length: 40 }, (_, index) =>
  newNormalized({
    tenant: TENANT,
    source: index % 2 === 0 ? 'shop' : 'erp',
    type: index % 4 === 0 ? 'vitals' : 'metric',
    subject: `s${index % 3}`,
    timestamp: index < 12 ? null : at(Math.floor(index / 10)),
  }),
);

beforeAll(async () => {
  const others = {
    rawInserts: [newRaw({ tenant: 'theirs' })],
    normalized: [newNormalized({ tenant: 'theirs' })],
  };
  await store.commit(newPlan({ rawInserts: raws, normalized: records }));
  await store.commit(newPlan(others));
});

async function readAll<Item extends { id: string }>(
  list: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | null }>,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

const rawIds = (query: Partial<RawQuery> = {}) =>
  readAll((cursor) => raw.list(TENANT, { limit: 7, ...query, ...(cursor === undefined ? {} : { cursor }) }));
const normalizedIds = (query: Partial<NormalizedQuery> = {}) =>
  readAll((cursor) =>
    normalized.list(TENANT, { limit: 7, ...query, ...(cursor === undefined ? {} : { cursor }) }),
  );

function newestFirst<Document extends { _id: string }>(
  documents: readonly Document[],
  time: (it: Document) => number,
) {
  return documents.toSorted((a, b) => time(b) - time(a) || (a._id < b._id ? 1 : -1)).map(({ _id }) => _id);
}
const byReceipt = (documents: typeof raws) =>
  newestFirst(documents, ({ receivedAt }) => receivedAt.getTime());
const byTime = (documents: typeof records) =>
  newestFirst(documents, ({ timestamp }) => timestamp?.getTime() ?? Number.NEGATIVE_INFINITY);

describe('raw events', () => {
  it('pages through everything once, in order, among equal times', async () => {
    expect(await rawIds()).toEqual(byReceipt(raws));
  });

  it('filters by status, source, code and time', async () => {
    const dead = raws.filter(({ status }) => status === 'dead');
    expect(await rawIds({ status: 'dead' })).toEqual(byReceipt(dead));
    expect(await rawIds({ code: 'ERR_FIELD_REQUIRED' })).toEqual(byReceipt(dead));
    expect(await rawIds({ source: 'erp' })).toEqual(byReceipt(raws.filter(({ source }) => source === 'erp')));
    expect(await rawIds({ status: 'processing' })).toEqual([]);
    const [from, to] = [at(1).toISOString(), at(3).toISOString()];
    expect(await rawIds({ from, to })).toEqual(byReceipt(raws.slice(10, 30)));
    expect(await rawIds({ to: NOW.toISOString().slice(0, 10) })).toHaveLength(40);
  });

  it('serves each list from an index, in order', async () => {
    for (const query of [
      {},
      { status: 'dead' },
      { source: 'erp' },
      { code: 'ERR_FIELD_REQUIRED' },
    ] as const) {
      const stages = await explain('raw_events', () => raw.list(TENANT, { limit: 7, ...query }));
      expect(stages, JSON.stringify(query)).toContain('IXSCAN');
      expect(stages, JSON.stringify(query)).not.toMatch(/COLLSCAN|"SORT"/);
    }
  });

  it('returns an event with its content to its tenant only', async () => {
    const [first] = raws;
    const found = await raw.get(TENANT, first?._id ?? '');
    expect(found).toEqual(first);
    expect(found && toRawItem(found)).toMatchObject({
      id: first?._id,
      client_id: 'shop',
      sizeBytes: 12,
      code: first?.code,
    });
    expect(await raw.get('theirs', first?._id ?? '')).toBeNull();
  });
});

describe('normalized events', () => {
  it('pages through everything once, those without a time last', async () => {
    expect(await normalizedIds()).toEqual(byTime(records));
  });

  it('filters by source, type, subject and time', async () => {
    const erp = byTime(records.filter(({ source }) => source === 'erp'));
    expect(await normalizedIds({ source: 'erp' })).toEqual(erp);
    expect(await normalizedIds({ type: 'vitals' })).toEqual(
      byTime(records.filter(({ type }) => type === 'vitals')),
    );
    expect(await normalizedIds({ subject: 's1' })).toEqual(
      byTime(records.filter(({ subject }) => subject === 's1')),
    );
    expect(await normalizedIds({ from: at(2).toISOString() })).toEqual(byTime(records.slice(20)));
  });

  it('serves each list from an index, in order', async () => {
    for (const query of [{}, { source: 'erp' }, { type: 'vitals' }, { subject: 's1' }] as const) {
      const stages = await explain('normalized_events', () =>
        normalized.list(TENANT, { limit: 7, ...query }),
      );
      expect(stages, JSON.stringify(query)).toContain('IXSCAN');
      expect(stages, JSON.stringify(query)).not.toMatch(/COLLSCAN|"SORT"/);
    }
  });

  it('returns an event to its tenant only', async () => {
    const last = records.at(-1);
    expect(await normalized.get(TENANT, last?._id ?? '')).toMatchObject({
      id: last?._id,
      client_id: last?.source,
      timestamp: last?.timestamp?.toISOString(),
    });
    expect(await normalized.get('theirs', last?._id ?? '')).toBeNull();
  });
});

describe('cursors', () => {
  it.each(['', 'x', 'bnVsbA', 'WzEsMl0', Buffer.from('["2020",{"$ne":1}]').toString('base64url')])(
    'refuses %j',
    async (cursor) => {
      await expect(raw.list(TENANT, { limit: 1, cursor })).rejects.toMatchObject({
        code: 'ERR_QUERY_INVALID',
      });
      await expect(normalized.list(TENANT, { limit: 1, cursor })).rejects.toMatchObject({
        code: 'ERR_QUERY_INVALID',
      });
    },
  );
});

/** Asks the server how it answered the last query on a collection, by its profiler. */
async function explain(collection: string, query: () => Promise<unknown>): Promise<string> {
  await connection.db.command({ profile: 2 });
  try {
    await query();
  } finally {
    await connection.db.command({ profile: 0 });
  }
  const [entry] = await connection.db
    .collection('system.profile')
    .find({ ns: `${connection.db.databaseName}.${collection}`, op: 'query' })
    .sort({ ts: -1 })
    .limit(1)
    .toArray();
  return JSON.stringify(entry?.['execStats']);
}
