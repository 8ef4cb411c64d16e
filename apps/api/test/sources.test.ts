import { sourceSchema } from '@sluice/contracts/source';
import { createSecretBox } from '@sluice/sources/secret-box';
import { createSourceSealer, openSource } from '@sluice/sources/source-sealer';
import { createCheckpoints } from '@sluice/store/checkpoints';
import { toCollection } from '@sluice/store/collections';
import { createPollRuns } from '@sluice/store/poll-runs';
import { createSourceStore } from '@sluice/store/sources-store';
import { describe, expect, it } from 'vitest';
import { startCalls } from './calls.ts';
import { SECRETS_KEY, useStores } from './fixtures.ts';

const stores = useStores();
const box = createSecretBox({ key: SECRETS_KEY });
const sources = createSourceStore(stores.store);

const POLL = {
  ...{ kind: 'poll', url: 'https://erp.example.com/orders', schedule: '*/5 * * * * *', idPath: 'id' },
  cursor: { kind: 'id', param: 'after', path: 'id' },
};

const start = (options: { readonly secretsKey?: string | null } = {}) =>
  startCalls({ ...stores, ...options });

describe('sources of the api', () => {
  it('are added, listed, shown, changed and deactivated, and no secret ever leaves', async () => {
    const { call } = await start();
    const shop = {
      id: 'shop',
      kind: 'push',
      scheme: 'github',
      secrets: [{ value: 'hunter2' }, { env: 'SHOP_KEY' }],
    };
    const created = await call('POST', '/api/sources', shop);
    expect(created).toMatchObject({
      status: 201,
      headers: { location: '/api/sources/shop', etag: '"1"' },
      body: {
        id: 'shop',
        owner: 'api',
        revision: 1,
        source: { secrets: [{ set: true, index: 0 }, { env: 'SHOP_KEY' }] },
      },
    });
    const shown = await call('GET', '/api/sources/shop');
    expect(shown).toMatchObject({ status: 200, body: { polling: null, mappingRevision: null } });
    expect((await call('POST', '/api/sources', shop)).body).toMatchObject({ code: 'ERR_SOURCE_EXISTS' });

    const rotated = {
      ...shown.body.source,
      secrets: [{ value: 'hunter3' }, { set: true, index: 0, expiresAt: '2030-01-01T00:00:00Z' }],
    };
    const changed = await call('PUT', '/api/sources/shop', rotated, { 'if-match': '"1"' });
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { revision: 2 } });
    const stored = await sources.get('shop');
    expect(stored?.source && openSource(stored.source, box)).toMatchObject({
      secrets: [{ value: 'hunter3' }, { value: 'hunter2', expiresAt: '2030-01-01T00:00:00Z' }],
    });
    expect((await call('PUT', '/api/sources/shop', rotated, { 'if-match': '"1"' })).body).toMatchObject({
      ...{ status: 412, code: 'ERR_SOURCE_CHANGED' },
    });
    const list = await call('GET', '/api/sources');
    expect(list.body.items.map(({ id }: { id: string }) => id)).toContain('shop');
    const inDatabase = JSON.stringify(await toCollection(stores.store, 'sources').find({}).toArray());
    for (const text of [created.text, shown.text, changed.text, list.text, inDatabase]) {
      expect(text).not.toMatch(/hunter[23]/);
    }
    expect(await call('DELETE', '/api/sources/shop')).toMatchObject({ status: 200, body: { active: false } });
    expect((await call('GET', '/api/sources/shop')).status).toBe(404);
    expect((await call('DELETE', '/api/sources/shop')).status).toBe(404);
    expect(await call('POST', '/api/sources', shop)).toMatchObject({ status: 201, body: { active: true } });
  });

  it.each([
    [{}, '/kind', 'expected push or poll'],
    [{ id: 'my shop', kind: 'push' }, '/id', 'expected 1 to 64 of A-Z a-z 0-9 _ . -'],
    [{ id: 'x', kind: 'push', scheme: { type: 'hmac' } }, '/scheme/header', 'missing'],
    [{ id: 'x', kind: 'push', sheme: 'none' }, '/sheme', 'did you mean scheme?'],
    [
      { id: 'x', kind: 'push', scheme: 'basic', secrets: [{ value: 'hunter2' }] },
      '/secrets/0/value',
      'user:password',
    ],
    [
      { id: 'x', kind: 'push', scheme: 'github', secrets: [{ set: true, index: 0 }] },
      '/secrets/0',
      'no stored secret',
    ],
    [{ id: 'x', ...POLL, schedule: 'now and then' }, '/schedule', 'six fields'],
    [{ id: 'x', ...POLL, auth: { type: 'bearer', secret: 'hunter2' } }, '/auth/secret', 'value or env'],
    [{ id: 'x', kind: 'push', mapping: {} }, '/mapping', 'unknown'],
    [{ id: 'x', kind: 'push', tenant: 'other' }, '/tenant', 'unknown'],
  ])('refuses %j, and says why', async (body, pointer, detail) => {
    const { call } = await start();
    const answer = await call('POST', '/api/sources', body);
    expect(answer.body).toMatchObject({ status: 400, code: 'ERR_BODY_INVALID' });
    expect(answer.body.errors).toContainEqual({ pointer, detail: expect.stringContaining(detail) });
    expect(answer.body.detail).toMatch(/[^.?][.?]$/);
    expect(answer.text).not.toContain('hunter2');
  });

  it('need a key for a secret by value, and none for one that is named', async () => {
    const { call } = await start({ secretsKey: null });
    const source = { id: 'keyless', kind: 'push', scheme: 'github' };
    const refused = await call('POST', '/api/sources', { ...source, secrets: [{ value: 'hunter2' }] });
    expect(refused.body).toMatchObject({
      ...{ status: 409, code: 'ERR_SECRETS_KEY_MISSING' },
      detail: expect.stringContaining('openssl rand -base64 32'),
    });
    expect(refused.text).not.toContain('hunter2');
    expect((await call('POST', '/api/sources', { ...source, secrets: [{ env: 'KEY' }] })).status).toBe(201);
  });

  it('are listed page by page', async () => {
    const { call } = await start();
    for (let n = 0; n < 5; n += 1) await call('POST', '/api/sources', { id: `page-${n}`, kind: 'push' });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await call('GET', `/api/sources?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.body.items.map(({ id }: { id: string }) => id));
      cursor = page.body.nextCursor;
    }
    expect(seen.filter((id) => id.startsWith('page-'))).toEqual([0, 1, 2, 3, 4].map((n) => `page-${n}`));
    expect(new Set(seen).size).toBe(seen.length);
    expect((await call('GET', '/api/sources?cursor=$')).status).toBe(400);
  });
});

describe('sources of the file', () => {
  it('are read-only, but for pausing, resuming and polling', async () => {
    const { call } = await start();
    const filed = sourceSchema.parse({ id: 'filed', ...POLL });
    await sources.applyFile([filed], createSourceSealer(box));
    for (const answer of [
      await call('PUT', '/api/sources/filed', { id: 'filed', ...POLL }),
      await call('DELETE', '/api/sources/filed'),
    ]) {
      expect(answer.body).toMatchObject({ status: 409, code: 'ERR_SOURCE_OWNED_BY_FILE' });
    }
    expect((await call('POST', '/api/sources/filed/pause')).body).toMatchObject({ paused: true });
    expect((await call('GET', '/api/sources/filed')).body.polling).toMatchObject({ nextRunAt: null });
    expect((await call('POST', '/api/sources/filed/poll')).body).toMatchObject({
      ...{ status: 409, code: 'ERR_SOURCE_PAUSED' },
    });
    expect((await call('POST', '/api/sources/filed/resume')).body).toMatchObject({ paused: false });
    expect(await call('POST', '/api/sources/filed/poll')).toMatchObject({
      status: 202,
      body: { queued: true },
    });
  });

  it('are read from their beginning when an admin says so and why', async () => {
    const { call } = await start();
    await sources.create({ ...sourceSchema.parse({ id: 'again', ...POLL }) } as never);
    await sources.create({ ...sourceSchema.parse({ id: 'sends', kind: 'push' }) } as never);
    const reset = (id: string, body: object) => call('POST', `/api/sources/${id}/cursor`, body);
    const why = { reset: true, reason: 'An id of next year hid what came after it.' };
    expect((await reset('again', why)).body).toEqual({ source: 'again', reset: false });
    const checkpoints = createCheckpoints(stores.store);
    const state = { kind: 'id', point: '9'.repeat(600), run: null } as const;
    await checkpoints.save({ source: 'again', state, revision: 0 });
    expect(await reset('again', why)).toMatchObject({ status: 200, body: { source: 'again', reset: true } });
    expect(await checkpoints.get('again')).toMatchObject({ state: { point: null, run: null }, revision: 2 });
    expect((await reset('again', { reset: true })).body).toMatchObject({ code: 'ERR_BODY_INVALID' });
    expect((await reset('sends', why)).body).toMatchObject({ code: 'ERR_SOURCE_NOT_POLLED' });
    expect((await reset('unknown', why)).status).toBe(404);
  });

  it('show their last runs, the next one and how far behind they are', async () => {
    const { call } = await start();
    await sources.create({ ...sourceSchema.parse({ id: 'runs', ...POLL }) } as never);
    const runs = createPollRuns(stores.store);
    const startedAt = new Date(Date.now() - 90_000);
    const id = await runs.begin({ source: 'runs', slot: 1, scheduler: 's', startedAt, cursorBefore: null });
    await runs.end(id, {
      ...{ pages: 1, records: 2, accepted: 2, duplicates: 0, problems: { count: 0, first: [] } },
      ...{ outcome: 'polled', endedAt: new Date(), cursorAfter: '7', error: null },
    });
    const { polling } = (await call('GET', '/api/sources/runs')).body;
    expect(polling.runs).toMatchObject([{ outcome: 'polled', records: 2, cursorAfter: '7', manual: false }]);
    expect(polling.lagSeconds).toBeGreaterThanOrEqual(90);
    const failed = { pages: 0, records: 0, accepted: 0, duplicates: 0, problems: { count: 0, first: [] } };
    for (let slot = 2; slot <= 22; slot += 1) {
      await runs.note(
        { source: 'runs', slot, scheduler: 's', startedAt: new Date(), cursorBefore: '7' },
        { ...failed, outcome: 'failed', endedAt: new Date(), cursorAfter: '7', error: 'HTTP 500' },
      );
    }
    const broken = (await call('GET', '/api/sources/runs')).body.polling;
    expect(broken.runs.map(({ outcome }: { outcome: string }) => outcome)).not.toContain('polled');
    expect(broken.lagSeconds).toBeGreaterThanOrEqual(90);
    expect(Date.parse(polling.nextRunAt) - Date.now()).toBeLessThanOrEqual(5000);
    expect(await createCheckpoints(stores.store).get('runs')).toMatchObject({ revision: 0 });
    expect(broken.waitingUntil).toBeNull();
    const waitingUntil = new Date(Date.now() + 60_000);
    await runs.note(
      { source: 'runs', slot: 23, scheduler: 's', startedAt: new Date(), cursorBefore: '7' },
      { ...failed, outcome: 'waiting', endedAt: new Date(), cursorAfter: '7', error: null, waitingUntil },
    );
    const waiting = (await call('GET', '/api/sources/runs')).body.polling;
    expect(waiting.waitingUntil).toBe(waitingUntil.toISOString());
    expect(waiting.runs[0]).toMatchObject({
      outcome: 'waiting',
      waitingUntil: waiting.waitingUntil,
      rejected: 0,
    });
  });

  it('that send to us are not polled', async () => {
    const { call } = await start();
    await call('POST', '/api/sources', { id: 'sender', kind: 'push' });
    for (const action of ['poll', 'pause', 'resume']) {
      expect((await call('POST', `/api/sources/sender/${action}`)).body).toMatchObject({
        code: 'ERR_SOURCE_NOT_POLLED',
      });
      expect((await call('POST', `/api/sources/nobody/${action}`)).status).toBe(404);
    }
  });
});
