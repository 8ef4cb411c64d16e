import { createHmac } from 'node:crypto';
import type { KeyRecord } from '@sluice/contracts/access';
import { findFreePort } from '@sluice/local/ports';
import { startTestApp } from '@sluice/local/test-app';
import { createKey } from '@sluice/protocol/api-key';
import { createKeyCheck } from '@sluice/protocol/key-check';
import { createRedis } from '@sluice/queue/connection';
import { createKeyMirror } from '@sluice/queue/key-mirror';
import { createLogger } from '@sluice/runtime/logger';
import { createRejections } from '@sluice/store/rejections';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { SECRET, useIngest } from './ingest.ts';
import { json, send } from './send.ts';

const keys = new Map<string, KeyRecord>();
let aheadMs = 0;
const now = () => Date.now() + aheadMs;
const { check } = createKeyCheck({
  store: { read: async (id) => keys.get(id) ?? null },
  mirror: { read: async () => null, write: () => undefined },
  ...{ now, elapsed: now },
  onTrouble: () => undefined,
});
const ingest = useIngest({ checkKey: check });

function toRecord(fields: Partial<KeyRecord>): KeyRecord & { readonly key: string } {
  const { id, key, hash } = createKey();
  return {
    ...{ key, id, hash, tenant: 'default', name: 'a sender', role: 'sender', sources: null, kind: 'key' },
    ...{ parent: null, expiresAt: null, revokedAt: null, ...fields },
  };
}

function addKey(fields: Partial<KeyRecord> = {}): string {
  const { key, ...record } = toRecord(fields);
  keys.set(record.id, record);
  return key;
}

function post(path: string, body: unknown, key?: string, headers: Record<string, string> = {}) {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const type = { 'content-type': 'application/json' };
  return send(ingest.port, { path, body: json(body), headers: { ...type, ...authorization, ...headers } });
}

const VITALS = { device: 'watch-7', timestamp: 1_767_323_045, heartRateValue: 60 };

describe('ingest with keys', () => {
  it('takes nothing without one, before it reads the body', async () => {
    for (const path of ['/api/events', '/api/events/batch', '/vital-data']) {
      const { status, headers, json: problem } = await post(path, { source: 'a' });
      expect([status, problem['code']], path).toEqual([401, 'ERR_UNAUTHENTICATED']);
      expect(headers['www-authenticate']).toMatch(/^Bearer/);
    }
    const wrong = await post('/api/events', { source: 'a', payload: 1 }, createKey().key);
    expect(wrong.status).toBe(401);
    const counted = await ingest.readCounters('rejected_total', 'code');
    expect(counted.get('ERR_UNAUTHENTICATED')).toBe(4);
  });

  it('keeps what a key sends as events of its tenant', async () => {
    const key = addKey({ tenant: 'globex' });
    const { status, json: answer } = await post('/api/events', { source: 'new', payload: { a: 1 } }, key);
    expect(status).toBe(202);
    expect((await post('/api/events/batch', [{ source: 'new', payload: { a: 2 } }], key)).status).toBe(202);
    expect((await post('/vital-data', VITALS, key)).status).toBe(202);
    const queued = (await ingest.listQueued()).filter(({ tenant }) => tenant === 'globex');
    expect(queued).toHaveLength(3);
    expect(queued.map(({ eventId }) => eventId)).toContain(answer['id']);
    expect(JSON.stringify(queued)).not.toContain(key);
  });

  it('lets a key send only for its sources', async () => {
    const key = addKey({ sources: ['mine'] });
    expect((await post('/api/events', { source: 'mine', payload: 1 }, key)).status).toBe(202);
    const refused = await post('/api/events', { source: 'other', payload: 1 }, key);
    expect([refused.status, refused.json['code']]).toEqual([403, 'ERR_FORBIDDEN']);
    expect((await post('/vital-data', VITALS, key)).status).toBe(403);
    const batch = await post(
      '/api/events/batch',
      [
        { source: 'mine', payload: 2 },
        { source: 'x', payload: 1 },
      ],
      key,
    );
    expect(batch.json).toMatchObject({ accepted: 1, rejected: 1, results: [{}, { code: 'ERR_FORBIDDEN' }] });
  });

  it('takes events under a name that another tenant declares as if nobody did', async () => {
    const [own, stranger] = [addKey({ tenant: 'acme' }), addKey({ tenant: 'globex' })];
    const event = { source: 'open', payload: { a: 1 } };
    const answers = [await post('/api/events', event, own), await post('/api/events', event, stranger)];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const ids = answers.map((answer) => answer.json['id']);
    const queued = await ingest.listQueued();
    const [ofOwn, ofStranger] = ids.map((id) => queued.find(({ eventId }) => eventId === id));
    expect(ofOwn).toMatchObject({ tenant: 'acme', type: 'note', schemaVersion: 2 });
    expect(ofStranger).toMatchObject({ tenant: 'globex', source: 'open', schemaVersion: 1 });
    expect(ofStranger).not.toHaveProperty('type');
  });

  it('keeps a refusal with the tenant whose key was refused, without the key', async () => {
    const stranger = addKey({ tenant: 'globex', sources: ['mine'] });
    expect((await post('/api/events', { source: 'open', payload: 1 }, stranger)).status).toBe(403);
    await vi.waitFor(async () => {
      const { list } = createRejections(ingest.store);
      const { items } = await list('globex', { limit: 10 });
      expect(items).toMatchObject([
        { source: 'open', code: 'ERR_FORBIDDEN', headers: { authorization: '***' } },
      ]);
      expect((await list('acme', { limit: 10 })).items).toEqual([]);
    });
  });

  it('takes a webhook by its signature alone', async () => {
    const body = json({ action: 'opened' });
    const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature };
    const { status } = await send(ingest.port, { path: '/hooks/github', body, headers });
    expect(status).toBe(202);
  });

  it('stops taking a revoked key within 5 s', async () => {
    const key = addKey();
    expect((await post('/api/events', { source: 'r', payload: 1 }, key)).status).toBe(202);
    for (const [id, record] of keys) keys.set(id, { ...record, revokedAt: new Date() });
    aheadMs += 5000;
    expect((await post('/api/events', { source: 'r', payload: 1 }, key)).status).toBe(401);
  });

  it('starts without MongoDB and takes the keys that Redis knows; of others nobody can say', async () => {
    const redisUrl = inject('redisUrl');
    const { prefix } = ingest;
    const logger = createLogger({ app: 'ingest', instance: 'test', level: 'silent' });
    const redis = createRedis({ url: redisUrl, role: 'producer', logger });
    onTestFinished(() => redis.close());
    await vi.waitFor(() => redis.ping());
    const { key, ...record } = toRecord({});
    await createKeyMirror({ redis, prefix, now: Date.now }).writeAll([record]);
    const port = await findFreePort();
    const app = startTestApp('ingest', {
      ...{ REDIS_URL: redisUrl, QUEUE_PREFIX: prefix, INGEST_PORT: `${port}`, INGEST_METRICS_PORT: '0' },
      ...{ MONGODB_URI: 'mongodb://127.0.0.1:9/x?replicaSet=rs0', AUTH: 'on' },
    });
    await app.waitForLine('process.started');
    const event = { body: json({ source: 'cold', payload: 1 }) };
    const sendWith = (presented: string) =>
      send(port, {
        ...event,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${presented}` },
      });
    const taken = await sendWith(key);
    expect(taken.status).toBe(202);
    const unknown = await sendWith(createKey().key);
    expect([unknown.status, unknown.json['code']]).toEqual([503, 'ERR_UNAVAILABLE']);
    expect(Math.max(taken.ms, unknown.ms)).toBeLessThan(3000);
    expect(await app.readOutput()).not.toContain(key);
  });
});
