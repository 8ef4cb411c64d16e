import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMongo } from '@sluice/local/mongo';
import { findFreePort } from '@sluice/local/ports';
import { REPLICA_SET } from '@sluice/local/replica-set';
import { toCollection } from '@sluice/store/collections';
import { connectStore } from '@sluice/store/connection';
import { migrate } from '@sluice/store/migrate';
import { EventSource } from 'eventsource';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { createRecordSource } from '../src/stream-source.ts';
import { insertNumbers, startLive, startUnopenedLive, toDocument, useDatabase } from './fixtures.ts';
import { isRecord, openStream, toNumber } from './sse-reader.ts';

const { store, mongoUrl } = useDatabase();
const insert = (...documents: ReturnType<typeof toDocument>[]) =>
  toCollection(store, 'normalized_events').insertMany(documents);

describe('a stream', () => {
  it('begins with the pause before a reconnect and a heartbeat that tells the position', async () => {
    const live = await startLive(mongoUrl);
    const stream = await openStream(`${live.url}/stream`);
    const first = await stream.next();
    expect(first.event).toBe('heartbeat');
    expect(first.id).toMatch(/^82[0-9A-F]+$/);
    expect(stream.text()).toMatch(/^retry: 1\d{3}\n\n/);
    expect(stream.response.status).toBe(200);
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it('carries every new record with an id, in the form of the api', async () => {
    const live = await startLive(mongoUrl);
    const stream = await openStream(`${live.url}/stream`);
    await stream.next();
    const document = toDocument(1, { lineage: { n: { from: 'n', rule: 'keep' } } });
    await insert(document);
    const message = await stream.next(isRecord);
    expect(message.id).toMatch(/^82[0-9A-F]+$/);
    expect(message.data).toEqual({
      id: document._id,
      source: 'shop',
      client_id: 'shop',
      type: 'metric',
      subject: 'sales',
      timestamp: '2026-01-02T03:04:05.679Z',
      data: { n: 1 },
      normalizedHash: document.normalizedHash,
      schemaVersion: 1,
      mappingRevision: null,
      lineage: { n: { from: 'n', rule: 'keep' } },
      warnings: [],
      receivedAt: '2026-01-02T03:04:05.678Z',
      storedAt: '2026-01-02T03:04:05.678Z',
    });
  });

  it('carries only what its filters name', async () => {
    const live = await startLive(mongoUrl);
    const streams = await Promise.all(
      ['?source=a', '?type=vitals', '?subject=kitchen', '?client_id=a&type=vitals'].map((query) =>
        openStream(`${live.url}/stream${query}`),
      ),
    );
    await Promise.all(streams.map((stream) => stream.next()));
    await insert(
      toDocument(1, { source: 'a' }),
      toDocument(2, { source: 'b', type: 'vitals' }),
      toDocument(3, { source: 'b', subject: 'kitchen' }),
      toDocument(4, { source: 'b', subject: null }),
      toDocument(5, { source: 'a', type: 'vitals', subject: 'kitchen' }),
    );
    const numbers = await Promise.all(
      streams.map(async (stream) => {
        const seen: number[] = [];
        while (seen.at(-1) !== 5) seen.push(toNumber(await stream.next(isRecord)));
        return seen;
      }),
    );
    expect(numbers).toEqual([[1, 5], [2, 5], [3, 5], [5]]);
  });

  it('refuses unknown and malformed filters', async () => {
    const live = await startLive(mongoUrl);
    for (const [query, pointer] of [
      ['?color=red', '/color'],
      ['?source[$ne]=x', '/source[$ne]'],
      ['?source=a&source=b', '/source'],
      ['?source=a&client_id=b', '/client_id'],
      [`?subject=${'x'.repeat(513)}`, '/subject'],
    ]) {
      const response = await fetch(`${live.url}/stream${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'ERR_QUERY_INVALID', errors: [{ pointer }] });
    }
  });

  it('is not begun by a HEAD request', async () => {
    const live = await startLive(mongoUrl);
    const response = await fetch(`${live.url}/stream`, { method: 'HEAD' });
    expect(response.status).toBe(405);
  });

  it('is refused to who accepts no events', async () => {
    const live = await startLive(mongoUrl);
    const response = await fetch(`${live.url}/stream`, { headers: { accept: 'application/json' } });
    expect(response.status).toBe(406);
    expect(await response.json()).toMatchObject({ code: 'ERR_NOT_ACCEPTABLE' });
  });

  it('is refused with 503 where too many watch already', async () => {
    const live = await startUnopenedLive(mongoUrl, { maxClientCount: 1 });
    await openStream(`${live.url}/stream`);
    const response = await fetch(`${live.url}/stream`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('10');
    expect(await live.metrics.read()).toMatch(/^sluice_live_refused_total\{.*\} 1$/m);
  });

  it('measures how late records are handed on, and how old its position is', async () => {
    const live = await startLive(mongoUrl);
    const stream = await openStream(`${live.url}/stream`);
    await stream.next();
    await insert(toDocument(1));
    await stream.next(isRecord);
    const metrics = await live.metrics.read();
    expect(metrics).toMatch(/^sluice_live_lag_seconds_count\{.*stream="records".*\} 1$/m);
    expect(metrics).toMatch(/^sluice_live_lag_seconds_bucket\{.*le="10".*\} 1$/m);
    const age = /^sluice_live_position_age_seconds\{.*stream="records".*\} (.+)$/m.exec(metrics)?.[1];
    expect(Number(age)).toBeLessThan(20);
    expect(metrics).not.toMatch(/^sluice_live_position_age_seconds\{.*stream="statuses"/m);
  });

  it('is ended when the process ends', async () => {
    const live = await startLive(mongoUrl);
    const stream = await openStream(`${live.url}/stream`);
    await stream.next();
    await live.close();
    await expect(stream.next(isRecord)).rejects.toThrow('The stream ended.');
  });
});

describe('resuming', () => {
  it.each([
    ['from the ring', {}],
    ['from the change stream, when the ring is too short', { ringCount: 5 }],
  ])(
    'leaves no gap and doubles nothing over reconnects in the middle of 500 records, %s',
    async (_how, ring) => {
      const live = await startLive(mongoUrl, ring);
      const source = new EventSource(`${live.url}/stream`);
      onTestFinished(() => source.close());
      const numbers: number[] = [];
      let opened = 0;
      let resets = 0;
      source.addEventListener('open', () => {
        opened += 1;
      });
      source.addEventListener('reset', () => {
        resets += 1;
      });
      source.addEventListener('event', ({ data }) => {
        numbers.push(toNumber({ id: undefined, event: 'event', data: JSON.parse(data) }));
      });
      await new Promise((resolve) => source.addEventListener('heartbeat', resolve, { once: true }));

      await insertNumbers(store, 1, 200);
      live.server.server.closeAllConnections();
      await insertNumbers(store, 201, 400);
      await vi.waitFor(() => expect(opened).toBe(2), { timeout: 10_000 });
      live.server.server.closeAllConnections();
      await insertNumbers(store, 401, 500);
      await vi.waitFor(() => expect(numbers.at(-1)).toBe(500), { timeout: 20_000 });

      expect(numbers).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
      expect(resets).toBe(0);
    },
  );

  it('goes on after a restart of the process, from the id that the last one gave', async () => {
    const before = await startLive(mongoUrl);
    const stream = await openStream(`${before.url}/stream?type=metric`);
    await stream.next();
    await insertNumbers(store, 1, 3);
    await stream.next(isRecord);
    const { id } = await stream.next(isRecord);
    await before.close();
    await insertNumbers(store, 4, 6);

    const after = await startLive(mongoUrl);
    const resumed = await openStream(`${after.url}/stream`, { lastEventId: id ?? '' });
    for (const number of [3, 4, 5, 6]) expect(toNumber(await resumed.next(isRecord))).toBe(number);
    await insertNumbers(store, 7, 7);
    expect(toNumber(await resumed.next(isRecord))).toBe(7);
    expect(resumed.text()).not.toContain('event: reset');
  });

  it('goes on from the id of a heartbeat, also when nothing had come before it', async () => {
    const live = await startLive(mongoUrl);
    const stream = await openStream(`${live.url}/stream`);
    const { id } = await stream.next(({ event }) => event === 'heartbeat');
    stream.close();
    await insertNumbers(store, 1, 2);
    const resumed = await openStream(`${live.url}/stream`, { lastEventId: id ?? '' });
    expect(toNumber(await resumed.next(isRecord))).toBe(1);
    expect(toNumber(await resumed.next(isRecord))).toBe(2);
  });

  it('begins at the id of the query, over which the header goes', async () => {
    const live = await startLive(mongoUrl);
    const stream = await openStream(`${live.url}/stream`);
    await stream.next();
    await insertNumbers(store, 1, 3);
    const ids: string[] = [];
    while (ids.length < 3) ids.push((await stream.next(isRecord)).id ?? '');
    const url = `${live.url}/stream?lastEventId=${ids[0]}`;
    const fromQuery = await openStream(url);
    expect(toNumber(await fromQuery.next(isRecord))).toBe(2);
    const fromHeader = await openStream(url, { lastEventId: ids[1] ?? '' });
    expect(toNumber(await fromHeader.next(isRecord))).toBe(3);
  });

  it('tells in heartbeats a position that moves on with what the filter leaves out', async () => {
    const live = await startLive(mongoUrl);
    const [filtered, whole] = await Promise.all([
      openStream(`${live.url}/stream?source=nobody`),
      openStream(`${live.url}/stream`),
    ]);
    const { id: before } = await filtered.next();
    await whole.next();
    await insertNumbers(store, 1, 1);
    const { id } = await whole.next(isRecord);
    const heartbeat = await filtered.next((message) => (message.id ?? '') >= (id ?? ''));
    expect(heartbeat.event).toBe('heartbeat');
    expect((heartbeat.id ?? '') > (before ?? '')).toBe(true);
  });

  it('shares one change stream among all that were away for long, each from its own position', async () => {
    const before = await startLive(mongoUrl);
    const stream = await openStream(`${before.url}/stream`);
    await stream.next();
    await insertNumbers(store, 1, 20);
    const ids: (string | undefined)[] = [];
    while (ids.length < 20) ids.push((await stream.next(isRecord)).id);
    await before.close();

    let opened = 0;
    const after = await startLive(mongoUrl, {
      watch: (options) => {
        opened += 1;
        return createRecordSource(store)(options);
      },
    });
    const probe = await openStream(`${after.url}/stream`);
    await probe.next(({ id }) => id !== undefined);
    const late = await Promise.all(
      [0, 4, 9, 14].map(async (index) => {
        const resumed = await openStream(`${after.url}/stream`, { lastEventId: ids[index] ?? '' });
        const seen: number[] = [];
        while (seen.at(-1) !== 20) seen.push(toNumber(await resumed.next(isRecord)));
        return seen;
      }),
    );
    expect(late).toEqual(
      [1, 5, 10, 15].map((from) => Array.from({ length: 20 - from }, (_, i) => from + 1 + i)),
    );
    expect(opened).toBeLessThan(1 + 4);
  });

  it.each([
    ['is not one of ours', 'nonsense'],
    ['has the form of one, but is too old', '825F000000000000012B042C0100296E5A1004'],
    ['is cut off', '825F00000000000001'],
  ])('is answered by reset when the id %s, and goes on from there', async (_how, lastEventId) => {
    const live = await startLive(mongoUrl);
    const stream = await openStream(`${live.url}/stream`, { lastEventId });
    const reset = await stream.next(({ event }) => event === 'reset');
    await insertNumbers(store, 1, 1);
    expect(toNumber(await stream.next(isRecord))).toBe(1);
    expect(reset.data).toEqual({ reason: expect.any(String) });
    expect((await stream.next(({ event }) => event === 'heartbeat')).id).toMatch(/^82/);
  });
});

describe('when the position is lost', () => {
  it('says reset to everybody and goes on from now', async () => {
    const own = connectStore({ uri: mongoUrl.replace('/t_', '/lost_'), appName: 'live-test' });
    onTestFinished(async () => {
      await own.db.dropDatabase();
      await own.close();
    });
    await migrate(own, 30_000);
    const live = await startLive(mongoUrl.replace('/t_', '/lost_'));
    const stream = await openStream(`${live.url}/stream`);
    const { id: before } = await stream.next();
    await toCollection(own, 'normalized_events').drop();
    const reset = await stream.next(({ event }) => event === 'reset');
    expect((reset.id ?? '') > (before ?? '')).toBe(true);
    await insertNumbers(own, 1, 1);
    expect(toNumber(await stream.next(isRecord))).toBe(1);
    const resumed = await openStream(`${live.url}/stream`, { lastEventId: reset.id ?? '' });
    expect(toNumber(await resumed.next(isRecord))).toBe(1);
  });
});

describe('while MongoDB is away', () => {
  it('serves from the start, and heals', async () => {
    const port = await findFreePort();
    const dir = await mkdtemp(join(tmpdir(), 'sluice-live-'));
    const live = await startUnopenedLive(`mongodb://127.0.0.1:${port}/live?replicaSet=${REPLICA_SET}`);
    const stream = await openStream(`${live.url}/stream`);
    expect(await stream.next()).toMatchObject({ event: 'heartbeat', id: undefined });
    expect((await fetch(`${live.url}/readyz`)).status).toBe(503);

    let mongo = await startMongo({ dir, port, env: inject('hostEnv'), say: () => undefined });
    onTestFinished(async () => {
      await mongo.stop();
      await rm(dir, { recursive: true });
    });
    const own = connectStore({ uri: mongo.url.replace('/?', '/live?'), appName: 'live-test' });
    onTestFinished(() => own.close());
    await migrate(own, 30_000);
    await stream.next(({ event }) => event === 'reset');
    await insertNumbers(own, 1, 2);
    expect(toNumber(await stream.next(isRecord))).toBe(1);
    expect(toNumber(await stream.next(isRecord))).toBe(2);

    await mongo.stop();
    await stream.next(({ event }) => event === 'heartbeat');
    mongo = await startMongo({ dir, port, env: inject('hostEnv'), say: () => undefined });
    await vi.waitFor(() => insertNumbers(own, 3, 3), { timeout: 30_000 });
    expect(toNumber(await stream.next(isRecord))).toBe(3);
    expect(stream.text().match(/event: reset/g)).toHaveLength(1);
  });
});
