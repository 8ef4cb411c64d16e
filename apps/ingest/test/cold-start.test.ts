import { sign as signAsGithub } from '@octokit/webhooks-methods';
import { pollSourceSchema, pushSourceSchema } from '@sluice/contracts/source';
import { findFreePort } from '@sluice/local/ports';
import { startTestApp } from '@sluice/local/test-app';
import { createTestNames } from '@sluice/local/test-names';
import { type OwnServer, startOwnMongo } from '@sluice/local/test-servers';
import { createSourceSealer } from '@sluice/sources/source-sealer';
import { createSourceStore, type SourceRecord } from '@sluice/store/sources-store';
import { afterAll, beforeAll, expect, inject, it, onTestFinished, vi } from 'vitest';
import { SECRET_BOX, SECRETS_KEY, startIngest } from './ingest.ts';
import { send } from './send.ts';

const { prefix } = createTestNames();
const SECRET = 'sent-by-nobody-else';
const SOON = { timeout: 15_000 };
const sealer = createSourceSealer(SECRET_BOX);
let mongo: OwnServer;
let mongoUrl: string;

beforeAll(async () => {
  mongo = await startOwnMongo();
  mongoUrl = mongo.url.replace('/?', `/${prefix}?`);
});
afterAll(() => mongo.stop());

function toSource(id: string) {
  const source = { id, kind: 'push', scheme: 'github', secrets: [{ value: SECRET }] };
  return sealer.seal(pushSourceSchema.parse(source));
}

async function deliver(port: number, id: string, { secret = SECRET, body = '{"n":1}' } = {}) {
  const headers = {
    'content-type': 'application/json',
    'x-hub-signature-256': await signAsGithub(secret, body),
  };
  return send(port, { path: `/hooks/${id}`, headers, body });
}

/** Sends events that name their sources themselves, by every way in. */
async function sendNamed(port: number, id: string) {
  const event = { source: id, payload: 1 };
  const cloudEvent = { specversion: '1.0', id, source: id, type: 'made', data: 1 };
  const sent = [
    ['/api/events', 'application/json', event],
    ['/api/events', 'application/cloudevents+json', cloudEvent],
    ['/api/events', 'application/cloudevents-batch+json', [cloudEvent]],
    ['/api/events/batch', 'application/json', [event]],
    ['/vital-data', 'application/json', { device: id, timestamp: 1_700_000_000, heartRate: 60 }],
  ] as const;
  return Promise.all(
    sent.map(([path, type, body]) =>
      send(port, { path, headers: { 'content-type': type }, body: JSON.stringify(body) }),
    ),
  );
}

/** Starts ingest as a process of its own, and waits until it listens. */
async function startApp(queuePrefix: string) {
  const [port, metricsPort] = [await findFreePort(), await findFreePort()];
  const app = startTestApp('ingest', {
    REDIS_URL: inject('redisUrl'),
    MONGODB_URI: mongoUrl,
    QUEUE_PREFIX: queuePrefix,
    INGEST_PORT: String(port),
    INGEST_METRICS_PORT: String(metricsPort),
    SECRETS_KEY,
    AUTH: 'off',
  });
  await app.waitForLine('process.started');
  async function readAge(): Promise<number> {
    const { text } = await send(metricsPort, { method: 'GET', path: '/metrics' });
    return Number(/^sluice_sources_age_seconds\{.*\} (\S+)$/m.exec(text)?.[1]);
  }
  return { app, port, readAge };
}

it('starts while MongoDB is away with the sources that were known before, and with no other', async () => {
  const before = await startIngest({ redisUrl: inject('redisUrl'), mongoUrl, prefix, sources: [] });
  onTestFinished(() => before.close());
  const store = createSourceStore(before.store);
  await store.create(toSource('made'));
  const { revision } = (await store.create(toSource('gone'))) as SourceRecord;
  const polled = {
    ...{ id: 'erp', kind: 'poll', url: 'https://erp.test/orders?token=in-the-url', idPath: 'id' },
    ...{ schedule: '0 * * * * *', cursor: { kind: 'id', param: 'after', path: 'id' } },
  };
  await store.create(sealer.seal(pollSourceSchema.parse(polled)));
  await vi.waitFor(async () => expect((await deliver(before.port, 'gone')).status).toBe(202), SOON);
  await store.deactivate('gone', revision);
  const { version } = await store.list();
  await vi.waitFor(async () => expect(await before.mirror.readHead()).toMatchObject({ version }), SOON);
  const { content } = (await before.mirror.read()) ?? {};
  expect(content).toMatchObject({ push: [{ id: 'made' }], polled: ['erp'] });
  expect(JSON.stringify(content)).not.toMatch(/sent-by-nobody-else|in-the-url/);

  await mongo.kill();
  const cold = await startApp(prefix);
  expect((await deliver(cold.port, 'made', { body: '{"n":2}' })).status).toBe(202);
  expect((await before.listQueued()).map(({ source, body }) => [source, body])).toContainEqual([
    'made',
    '{"n":2}',
  ]);
  expect((await deliver(cold.port, 'made', { secret: 'forged' })).status).toBe(401);
  expect((await deliver(cold.port, 'gone')).status).toBe(401);
  expect((await deliver(cold.port, 'never-made')).status).toBe(401);
  expect((await sendNamed(cold.port, 'never-made')).map(({ status }) => status)).toEqual([
    202, 202, 202, 202, 202,
  ]);
  const [line] = await cold.app.readLines('sources.read-from-mirror');
  expect(line).toMatchObject({ version, sources: 1, readAt: expect.stringMatching(/^20/) });
  expect(await cold.readAge()).toBeGreaterThan(0.5);
  expect(await cold.app.readOutput()).not.toContain(SECRET);

  await mongo.restart();
  await vi.waitFor(() => store.create(toSource('made-later')), { timeout: 30_000 });
  await vi.waitFor(async () => expect((await deliver(cold.port, 'made-later')).status).toBe(202), SOON);
  await vi.waitFor(async () => expect(await cold.readAge()).toBeLessThan(3), SOON);
});

it('asks senders to come again when neither store knows the sources', async () => {
  await mongo.kill();
  const cold = await startApp(`${prefix}-empty`);
  const { status, headers, json } = await deliver(cold.port, 'made');
  expect({ status, code: json['code'] }).toEqual({ status: 503, code: 'ERR_UNAVAILABLE' });
  expect(headers['retry-after']).toMatch(/^\d+$/);
  for (const id of ['made', 'never-made']) {
    for (const answer of await sendNamed(cold.port, id)) {
      expect(answer).toMatchObject({ status: 503, json: { code: 'ERR_UNAVAILABLE' } });
      expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    }
  }
  expect(await cold.readAge()).toBeNaN();
  await mongo.restart();
  await vi.waitFor(async () => expect((await deliver(cold.port, 'made')).status).toBe(202), SOON);
  expect((await sendNamed(cold.port, 'never-made')).map(({ status }) => status)).toEqual([
    202, 202, 202, 202, 202,
  ]);
});
