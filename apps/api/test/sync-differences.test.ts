import { type CollectionProgress, NO_TALLY } from '@sluice/contracts/full-sync';
import type { LookAnswer } from '@sluice/contracts/sync-differences';
import { createTestNames } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import { connectStore } from '@sluice/store/connection';
import { createDocumentLooks } from '@sluice/store/document-looks';
import { createFullSyncStore, type NewFullSync, toOwnFullSync } from '@sluice/store/full-syncs';
import { createSyncStates } from '@sluice/store/sync-state';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startGuardedApi } from './access-fixtures.ts';
import { startApi, useStores } from './fixtures.ts';

const stores = useStores();
const SINCE = new Date('2026-01-02T03:04:05.678Z');
const NOW = SINCE.getTime() + 120_000;
const BEGUN = new Date(NOW - 60_000);

const active = {
  state: 'active',
  ...{ since: new Date(), reason: null, holder: 'replicator-1', backupSeenAt: new Date() },
  ...{ appliedAt: new Date(), lagSeconds: 0, pending: 0, lastSyncAt: null, perSecond: 0 },
  totals: { succeeded: 0, failed: 0, merged: 0, conflicts: 0, timeMs: 0 },
} as const;

/** A run that went through one collection. */
async function addRun(wanted: Partial<NewFullSync>, collection: Partial<CollectionProgress>, at = BEGUN) {
  const syncs = createFullSyncStore(stores.store);
  const created = await syncs.create({ ...toOwnFullSync('x'), ...wanted }, at);
  if ('meets' in created) throw new Error('There is another one.');
  const runner = { id: created._id, fence: 1 };
  const done: CollectionProgress = {
    ...{ name: 'raw_events', state: 'done', isFresh: false, samples: [] },
    ...{ ...NO_TALLY, ...collection },
  };
  await syncs.begin(runner, [done], at);
  await syncs.end(runner, 'done', { collections: [done] }, at);
  return created._id;
}

const toSample = (kind: 'missing' | 'extra' | 'unequal', id: string) =>
  ({ kind, id, since: SINCE, seenAt: BEGUN }) as const;

beforeEach(async () => {
  const { db } = stores.store;
  await db.collection('operations').deleteMany({ kind: 'fullSync' });
  await db.collection('resume_tokens').deleteMany({});
});

describe('GET /api/sync/differences', () => {
  const url = '/api/sync/differences';

  it('tells what the last comparison found, its age, and what was mended since', async () => {
    const { get } = await startApi({ ...stores, now: () => NOW });
    expect((await get(url)).body).toEqual({ run: null, collections: [] });
    const samples = [toSample('missing', '"a"'), toSample('unequal', '"b"'), toSample('extra', '"c"')];
    const found = { compared: 9, missing: 1, unequal: 1, extra: 1, lagging: 2, samples };
    const id = await addRun({ mode: 'verify' }, found);
    // Not of a comparison: of these two the first was mended, the other one left where it was.
    const only = { collection: 'raw_events', ids: ['"a"', '"c"'] };
    const later = new Date(NOW - 30_000);
    await addRun({ only }, { kept: 1, extra: 1, samples: [toSample('extra', '"c"')] }, later);
    await addRun({ only: { ...only, ids: ['"b"'] } }, { refused: 1 }, later);
    const { body } = await get(url);
    expect(body.run).toMatchObject({ id, mode: 'verify', compared: 9, lagging: 2 });
    const open = { since: SINCE.toISOString(), ageSeconds: 120, mendedAt: null };
    expect(body.collections).toEqual([
      {
        ...{ name: 'raw_events', compared: 9, missing: 1, extra: 1, unequal: 1 },
        differences: [
          { kind: 'missing', id: '"a"', ...open, ageSeconds: 90, mendedAt: later.toISOString() },
          { kind: 'unequal', id: '"b"', ...open },
          { kind: 'extra', id: '"c"', ...open },
        ],
      },
    ]);
  });

  it('knows that a full sync mended what it found, but for what it left or the backup refused', async () => {
    const { get } = await startApi({ ...stores, now: () => NOW });
    const samples = [toSample('missing', '"a"'), toSample('extra', '"c"')];
    const readMended = async (given: Partial<CollectionProgress>) => {
      await addRun({ mode: 'copy' }, { missing: 1, extra: 1, samples, ...given });
      const { collections } = (await get(url)).body;
      await stores.store.db.collection('operations').deleteMany({ kind: 'fullSync' });
      return collections[0].differences.map(({ mendedAt }: { mendedAt: string | null }) => mendedAt !== null);
    };
    expect(await readMended({ copied: 1, kept: 1 })).toEqual([true, false]);
    expect(await readMended({ copied: 1, deleted: 1 })).toEqual([true, true]);
    expect(await readMended({ copied: 0, refused: 1, deleted: 1 })).toEqual([false, false]);
  });
});

describe('GET /api/sync/differences/document', () => {
  const toUrl = (collection: string, id = '"a"') =>
    `/api/sync/differences/document?${new URLSearchParams({ collection, id })}`;

  /** Plays a replicator that answers the same to every question. */
  function answerWith(answer: LookAnswer): void {
    const looks = createDocumentLooks(stores.store);
    let isOver = false;
    const answering = (async () => {
      while (!isOver) for (const look of await looks.take()) await looks.answer(look, answer);
    })();
    onTestFinished(async () => {
      isOver = true;
      await answering;
    });
  }

  const found: Extract<LookAnswer, { readonly kind: 'found' }> = {
    kind: 'found',
    ...{ onPrimary: true, onBackup: true, equal: false, orderDiffers: false },
    fields: [{ path: 'v', primary: '1', backup: '2', differs: true, hidden: false }],
    ...{ fieldCount: 1, readAt: SINCE, tenants: ['default'] },
  };

  it('answers with both sides, as a replicator reads them', async () => {
    await createSyncStates(stores.store).write(active, true);
    answerWith(found);
    const { get } = await startApi(stores);
    expect(await get(toUrl('raw_events'))).toMatchObject({
      status: 200,
      body: {
        ...{ collection: 'raw_events', id: '"a"', readAt: SINCE.toISOString(), equal: false },
        fields: found.fields,
      },
    });
    expect((await get(toUrl('raw_events'))).body).not.toHaveProperty('tenants');
  });

  it('shows keys, what names no tenant and what Sluice does not know to admins alone, and nobody another tenant', async () => {
    await createSyncStates(stores.store).write(active, true);
    const { addKey, call } = await startGuardedApi(stores);
    const [viewer, operator, admin] = [
      await addKey('viewer'),
      await addKey('operator'),
      await addKey('admin'),
    ];
    answerWith(found);
    const ask = async (collection: string, key: string) => (await call('GET', toUrl(collection), key)).status;
    expect(await ask('raw_events', viewer)).toBe(200);
    // Of the last four no document names its tenant.
    const ofAdmins = ['api_keys', 'audit_log', 'checkpoints', 'of_others'];
    for (const collection of [...ofAdmins, 'mappings', 'receipts', 'instances', 'alerts']) {
      expect(await ask(collection, viewer), collection).toBe(403);
      expect(await ask(collection, operator), collection).toBe(403);
      expect(await ask(collection, admin), collection).toBe(200);
    }
    const { status } = await call('GET', toUrl('raw_events'), await addKey('admin', { tenant: 'acme' }));
    expect(status).toBe(403);
  });

  it('refuses a document of another tenant', async () => {
    await createSyncStates(stores.store).write(active, true);
    answerWith({ ...found, tenants: ['default', 'acme'] });
    const { get } = await startApi(stores);
    const { status, body } = await get(toUrl('raw_events'));
    expect({ status, code: body.code }).toEqual({ status: 403, code: 'ERR_FORBIDDEN' });
    expect(JSON.stringify(body)).not.toContain('primary');
  });

  it('says that there is no backup, that it is away, or that no replicator answers', async () => {
    const { get } = await startApi(stores);
    expect((await get(toUrl('raw_events'))).body.code).toBe('ERR_SYNC_OFF');
    await createSyncStates(stores.store).write(active, true);
    const startedMs = performance.now();
    expect(await get(toUrl('raw_events'))).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('No replicator') },
    });
    expect(performance.now() - startedMs).toBeLessThan(3000);
    answerWith({ kind: 'away', side: 'backup' });
    expect(await get(toUrl('raw_events'))).toMatchObject({
      status: 503,
      body: { detail: 'The backup does not answer the replicator.' },
    });
  });

  it.each([
    ['leases', '"a"'],
    ['system.views', '"a"'],
    ['raw_events', 'no json'],
    ['raw_events', '{"$gt":""}'],
    ['raw_events', '{"$oid":"zz"}'],
    ['raw_events', '{"a":[{"$numberLong":1}]}'],
    ['raw_events', '{"$regex":"^e"}'],
    ['raw_events', '{"$regularExpression":{"pattern":"^e","options":""}}'],
  ])('refuses to look into %s for %s', async (collection, id) => {
    const { get } = await startApi(stores);
    expect((await get(toUrl(collection, id))).body.code).toBe('ERR_QUERY_INVALID');
  });
});

it('answers within its deadline when MongoDB freezes', async () => {
  const server = await startOwnMongo();
  onTestFinished(() => server.stop());
  const uri = server.url.replace('/?', `/${createTestNames().database}?`);
  const store = connectStore({ uri, appName: 'api-test', operationTimeoutMs: 10_000 });
  onTestFinished(() => store.close());
  await createSyncStates(store).write(active, true);
  const { get } = await startApi({ ...stores, store });
  const measure = async (url: string) => {
    const startedMs = performance.now();
    const { status } = await get(url);
    return { status, isInTime: performance.now() - startedMs < 2500 };
  };
  const late = measure('/api/sync/differences/document?collection=raw_events&id=%22a%22');
  const questions = { collection: 'raw_events' };
  await vi.waitFor(async () => {
    expect(await store.db.collection('resume_tokens').countDocuments(questions)).toBe(1);
  });
  await server.freeze();
  expect(await late).toEqual({ status: 503, isInTime: true });
  expect(await measure('/api/sync/differences')).toEqual({ status: 503, isInTime: true });
  server.thaw();
});
