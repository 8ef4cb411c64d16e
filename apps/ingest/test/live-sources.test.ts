import { sign as signAsGithub } from '@octokit/webhooks-methods';
import { pushSourceSchema } from '@sluice/contracts/source';
import { createSourceMirror } from '@sluice/queue/source-mirror';
import { createLogger } from '@sluice/runtime/logger';
import { createSourceSealer } from '@sluice/sources/source-sealer';
import { createSourceStore, type SourceList, type SourceRecord } from '@sluice/store/sources-store';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type LiveSourcesOptions, startLiveSources } from '../src/live-sources.ts';
import { SECRET_BOX, useIngest } from './ingest.ts';
import { json, send } from './send.ts';

const BODY = '{"n":1}';
const SOON = { timeout: 5000 };
const sealer = createSourceSealer(SECRET_BOX);
const logger = createLogger({ app: 'ingest', instance: 'ingest-test', level: 'silent' });
const ingest = useIngest({ sources: [] });

function toSource(secret: string, id = 'made', fields: object = {}) {
  const source = { id, tenant: 'acme', kind: 'push', scheme: 'github', secrets: [{ value: secret }] };
  return sealer.seal(pushSourceSchema.parse({ ...source, ...fields }));
}

async function deliver(secret: string, path = '/hooks/made') {
  const headers = {
    'content-type': 'application/json',
    'x-hub-signature-256': await signAsGithub(secret, BODY),
  };
  return (await send(ingest.port, { path, headers, body: BODY })).status;
}

/** Follows the sources as another process does, which perhaps reads them in another way. */
function follow(parts: Partial<LiveSourcesOptions>) {
  const live = startLiveSources({
    declared: [],
    store: createSourceStore(ingest.store),
    mirror: ingest.mirror,
    box: SECRET_BOX,
    environment: { readEnv: () => undefined, now: Date.now },
    logger,
    ...parts,
  });
  onTestFinished(() => live.stop());
  return live;
}

/** Waits until the mirror says what the store says. */
async function untilMirrored(): Promise<string> {
  return vi.waitFor(async () => {
    const { version } = await createSourceStore(ingest.store).list();
    expect(await ingest.mirror.readHead()).toMatchObject({ version });
    return version;
  }, SOON);
}

it('takes a source that is made, changed and taken away while it runs', async () => {
  const store = createSourceStore(ingest.store);
  await vi.waitFor(async () => expect(await deliver('first')).toBe(401));
  const { revision } = (await store.create(toSource('first'))) as SourceRecord;
  await vi.waitFor(async () => expect(await deliver('first')).toBe(202), SOON);
  const [event] = await ingest.listQueued();
  expect(event).toMatchObject({ source: 'made', tenant: 'acme' });

  const changed = (await store.replace(toSource('second'), revision)) as SourceRecord;
  await vi.waitFor(async () => expect(await deliver('first')).toBe(401), SOON);
  expect(await deliver('second')).toBe(202);

  await store.deactivate('made', changed.revision);
  await vi.waitFor(async () => expect(await deliver('second')).toBe(401), SOON);
});

it('goes on with the others when the secret of one does not open, and blames none of its senders', async () => {
  const store = createSourceStore(ingest.store);
  const moved = { ...toSource('first', 'other-id', { schemaVersion: 7 }), id: 'moved', tenant: 'default' };
  await store.create(moved);
  await store.create(toSource('first', 'sound'));
  await vi.waitFor(async () => expect(await deliver('first', '/hooks/sound')).toBe(202), SOON);
  expect(await deliver('first', '/hooks/moved')).toBe(503);
  // Whoever names it by itself needs no secret, and what is declared of it counts.
  const { json: answer } = await send(ingest.port, { body: json({ source: 'moved', payload: 1 }) });
  const queued = (await ingest.listQueued()).find(({ eventId }) => eventId === answer['id']);
  expect(queued).toMatchObject({ source: 'moved', schemaVersion: 7 });
});

it('takes nothing of a source that is stored in a form of another build, by any way in, until that is mended', async () => {
  const store = createSourceStore(ingest.store);
  const ids = ['newer', 'vital-data'];
  const sources = ids.map((id) => toSource('first', id, { ceSource: `https://${id}.test` }));
  for (const source of sources) await store.create(source);
  const change = (set: object) =>
    ingest.store.db
      .collection<{ _id: string }>('sources')
      .updateMany({ _id: { $in: ids } }, { $set: { ...set, updatedAt: new Date() }, $inc: { revision: 1 } });
  await change({ 'source.scheme': { type: 'of-tomorrow' } });
  const cloudEvent = { specversion: '1.0', id: '1', source: 'https://newer.test', type: 'made', data: 1 };
  const named = { source: 'newer', payload: 1 };
  const sent = [
    ['/api/events', 'application/json', named],
    ['/api/events', 'application/cloudevents+json', cloudEvent],
    ['/api/events', 'application/cloudevents+json', { ...cloudEvent, source: 'newer' }],
    ['/api/events', 'application/cloudevents-batch+json', [cloudEvent]],
    ['/api/events/batch', 'application/json', [named]],
    ['/vital-data', 'application/json', { device: 'd', timestamp: 1_700_000_000, heartRate: 60 }],
  ] as const;
  const sendAll = () =>
    Promise.all(
      sent.map(([path, type, body]) =>
        send(ingest.port, { path, headers: { 'content-type': type }, body: json(body) }),
      ),
    );
  await vi.waitFor(async () => expect(await deliver('first', '/hooks/newer')).toBe(503), SOON);
  const before = (await ingest.listQueued()).length;
  for (const answer of await sendAll()) {
    expect(answer).toMatchObject({ status: 503, json: { code: 'ERR_SOURCE_UNREADABLE' } });
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
  }
  expect(await ingest.listQueued()).toHaveLength(before);
  // What is of no such source goes on.
  expect(await deliver('first', '/hooks/never-made')).toBe(401);
  const other = await send(ingest.port, { body: json({ source: 'never-made', payload: 1 }) });
  expect(other.status).toBe(202);

  await change({ 'source.scheme': sources[0]?.kind === 'push' ? sources[0].scheme : null });
  await vi.waitFor(async () => expect(await deliver('first', '/hooks/newer')).toBe(202), SOON);
  expect((await sendAll()).map(({ status }) => status)).toEqual(sent.map(() => 202));
  const events = await ingest.listQueued();
  const ofCloud = events.filter(({ form, headers }) => form === 'payload' && headers['ce-id'] === '1');
  expect(new Set(ofCloud.map(({ source, idempotencyKey }) => `${source} ${idempotencyKey}`))).toEqual(
    new Set(['newer api:https://newer.test 1', 'newer api:newer 1']),
  );
});

it('gives the CloudEvents that two sources claim to the one of the file, and to that of their tenant', async () => {
  const store = createSourceStore(ingest.store);
  const ceSource = 'https://orders.test/eu';
  await store.create(toSource('first', 'claims-it-too', { ceSource }));
  const filed = pushSourceSchema.parse({ id: 'filed', kind: 'push', ceSource });
  const live = follow({ declared: [filed] });
  await live.firstTry;
  expect(live.sources.find('claims-it-too', null)).toBeDefined();
  expect(live.sources.findByCeSource(ceSource, null)).toMatchObject({ id: 'filed' });
  expect(live.sources.findByCeSource(ceSource, 'acme')).toMatchObject({ id: 'claims-it-too' });
  expect(live.sources.findByCeSource(ceSource, 'another')).toBeUndefined();
});

it('says that a source does not exist only when a store was asked', async () => {
  const { promise, resolve } = Promise.withResolvers<SourceList>();
  const prefix = `${ingest.prefix}-own`;
  const mirror = createSourceMirror({ redisUrl: ingest.redisUrl, prefix, logger });
  onTestFinished(() => mirror.close());
  const live = follow({ mirror, store: { list: () => promise, changedSince: async () => null } });
  expect(live.sources.mayExist('a', null)).toBe(true);
  expect(live.readAgeMs()).toBeNaN();
  const b = { id: 'b', tenant: 'acme', ceSource: null };
  resolve({ version: '1', sources: [], unreadable: [b], credentialHeaders: [] });
  await vi.waitFor(() => expect(live.sources.mayExist('a', null)).toBe(false));
  expect(live.sources.mayExist('b', 'acme')).toBe(true);
  expect(live.sources.mayExist('b', 'another')).toBe(false);
  expect(live.readAgeMs()).toBeLessThan(5000);
});

it('never writes what it read before another process copied something newer over that', async () => {
  const store = createSourceStore(ingest.store);
  const before = await untilMirrored();
  const gate = Promise.withResolvers<void>();
  const written: string[] = [];
  let isFirst = true;
  const slow = follow({
    mirror: {
      ...ingest.mirror,
      replace: (copy, over) => {
        written.push(copy.version);
        return ingest.mirror.replace(copy, over);
      },
    },
    store: {
      changedSince: store.changedSince,
      list: async () => {
        const list = await store.list();
        if (isFirst) await gate.promise;
        isFirst = false;
        return list;
      },
    },
  });
  await store.create(toSource('first', 'made-meanwhile'));
  const after = await untilMirrored();
  expect(after).not.toBe(before);
  gate.resolve();
  await slow.firstTry;
  expect(slow.sources.find('made-meanwhile', null)).toBeDefined();
  expect(written).not.toContain(before);
  expect(await ingest.mirror.readHead()).toMatchObject({ version: after });
});

it('brings the mirror back when Redis has lost it or holds that of another database', async () => {
  const version = await untilMirrored();
  const stranger = { version: '999-999-999', readAt: new Date(), content: [] };
  await ingest.mirror.replace(stranger, version);
  const live = follow({});
  await live.firstTry;
  expect(await ingest.mirror.read()).toMatchObject({ version, content: { polled: [] } });
});

it('confirms the mirror after ten seconds, whatever the clock of the machine is set to', async () => {
  await untilMirrored();
  const clocks = { nowMs: Date.now(), elapsedMs: 0 };
  let confirmed = 0;
  const live = follow({
    environment: { readEnv: () => undefined, now: () => clocks.nowMs },
    elapsed: () => clocks.elapsedMs,
    readEveryMs: 10,
    mirror: {
      ...ingest.mirror,
      confirm: (head) => {
        confirmed += 1;
        return ingest.mirror.confirm(head);
      },
    },
  });
  await live.firstTry;
  expect(confirmed).toBe(1);
  clocks.nowMs -= 3_600_000;
  clocks.elapsedMs += 10_000;
  await vi.waitFor(() => expect(confirmed).toBe(2), SOON);
});
