import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { toCollection } from '@sluice/store/collections';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { insertNumbers, startLive, toDocument, useDatabase } from './fixtures.ts';
import { openSocket } from './socket-reader.ts';
import { isRecord, openStream, toNumber } from './sse-reader.ts';

const { store, mongoUrl } = useDatabase();

/** Asks for a WebSocket as programs do, and tells what a refusal says. */
async function ask(url: string, headers: Record<string, string> = {}) {
  const outgoing = request(url, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...headers,
    },
  });
  const answered = new Promise<{ status: number | undefined; body: string; connection: string | undefined }>(
    (resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode, body: '', connection: undefined });
      });
      outgoing.on('response', async (response) => {
        const body = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode, body, connection: response.headers.connection });
      });
    },
  );
  outgoing.end();
  return answered;
}

describe('a WebSocket', () => {
  it('carries the same messages as a stream', async () => {
    const live = await startLive(mongoUrl);
    const stream = await openStream(`${live.url}/stream`);
    const socket = await openSocket(`${live.url}/stream/ws`);
    expect((await socket.next()).event).toBe('heartbeat');
    await stream.next();
    await toCollection(store, 'normalized_events').insertOne(
      toDocument(1, { data: { n: 1, city: 'Zürich' } }),
    );
    expect(await socket.next(isRecord)).toEqual(await stream.next(isRecord));
  });

  it('carries only what its filters name, and resumes after an id', async () => {
    const live = await startLive(mongoUrl);
    const first = await openSocket(`${live.url}/stream/ws?source=a`);
    await first.next();
    await toCollection(store, 'normalized_events').insertMany([
      toDocument(1, { source: 'a' }),
      toDocument(2, { source: 'b' }),
      toDocument(3, { source: 'a' }),
    ]);
    const { id } = await first.next(isRecord);
    expect(toNumber(await first.next(isRecord))).toBe(3);
    const second = await openSocket(`${live.url}/stream/ws?lastEventId=${id}`);
    expect(toNumber(await second.next(isRecord))).toBe(2);
    expect(toNumber(await second.next(isRecord))).toBe(3);
  });

  it('is caught up from the change stream when the ring is too short', async () => {
    const live = await startLive(mongoUrl, { ringCount: 5 });
    const first = await openSocket(`${live.url}/stream/ws`);
    const { id } = await first.next();
    await insertNumbers(store, 1, 50);
    while (toNumber(await first.next(isRecord)) < 50);
    const second = await openSocket(`${live.url}/stream/ws?lastEventId=${id}`);
    for (let number = 1; number <= 50; number += 1) {
      expect(toNumber(await second.next(isRecord))).toBe(number);
    }
  });

  it('is told reset for an id that is none', async () => {
    const live = await startLive(mongoUrl);
    const socket = await openSocket(`${live.url}/stream/ws?lastEventId=nonsense`);
    expect((await socket.next(({ event }) => event === 'reset')).id).toMatch(/^82/);
  });

  it('is closed with 1001 when the process ends', async () => {
    const live = await startLive(mongoUrl);
    const socket = await openSocket(`${live.url}/stream/ws`);
    await socket.next();
    await live.close();
    expect(await socket.closed).toMatchObject({ code: 1001 });
  });

  it('is closed with 1008 when the client says something', async () => {
    const live = await startLive(mongoUrl);
    const socket = await openSocket(`${live.url}/stream/ws`);
    socket.socket.send('hello');
    expect(await socket.closed).toMatchObject({ code: 1008 });
  });

  it('is cut off when three pings stay without an answer', async () => {
    const live = await startLive(mongoUrl, { heartbeatMs: 50 });
    const socket = connect({ host: '127.0.0.1', port: live.port });
    socket.write(
      `GET /stream/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    // Reads, but never answers.
    socket.resume();
    await once(socket, 'close');
    await vi.waitFor(async () =>
      expect(await live.metrics.read()).toMatch(
        /^sluice_live_clients\{.*kind="ws".*stream="records".*\} 0$|^sluice_live_clients\{.*stream="records".*kind="ws".*\} 0$/m,
      ),
    );
  });

  it('that reads too slowly is closed with 1013, and resumes without a gap', async () => {
    const live = await startLive(mongoUrl, { ringBytes: 1024 * 1024, heartbeatMs: 60_000 });
    const socket = connect({ host: '127.0.0.1', port: live.port });
    onTestFinished(() => void socket.destroy());
    const received: Buffer[] = [];
    socket.on('data', (data) => received.push(data));
    socket.write(
      `GET /stream/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.pause();
    const collection = toCollection(store, 'normalized_events');
    const filling = 'x'.repeat(256 * 1024);
    let count = 0;
    await vi.waitFor(
      async () => {
        count += 1;
        await collection.insertOne(toDocument(count, { data: { n: count, filling } }));
        expect(await live.metrics.read()).toMatch(/^sluice_live_dropped_total\{.*kind="ws".*\} 1$/m);
      },
      { timeout: 30_000, interval: 1 },
    );
    const ended = once(socket, 'end');
    socket.resume();
    await ended;
    const bytes = Buffer.concat(received);
    // The last frame is a close frame (0x88) whose payload begins with the code.
    const close = bytes.lastIndexOf(Buffer.from([0x03, 0xf5]));
    expect(bytes[close - 2]).toBe(0x88);
    const text = bytes.toString('latin1');
    const ids = [...text.matchAll(/"id":"(82[0-9A-F]+)","data":\{"id"/g)].map(([, id]) => id);
    expect(ids.length).toBeLessThan(count);
    const resumed = await openSocket(`${live.url}/stream/ws?lastEventId=${ids.at(-1)}`);
    for (let number = ids.length + 1; number <= count; number += 1) {
      expect(toNumber(await resumed.next(isRecord))).toBe(number);
    }
  });
});

describe('a request for a WebSocket', () => {
  it('is refused like any other request', async () => {
    const live = await startLive(mongoUrl);
    const refused = await ask(`${live.url}/stream/ws?color=red`);
    expect(refused).toMatchObject({ status: 400, connection: 'close' });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'ERR_QUERY_INVALID' });
  });

  it('is answered 426 without an upgrade', async () => {
    const live = await startLive(mongoUrl);
    const response = await fetch(`${live.url}/stream/ws`);
    expect(response.status).toBe(426);
    expect(response.headers.get('upgrade')).toBe('websocket');
    expect(await response.json()).toMatchObject({ code: 'ERR_UPGRADE_REQUIRED' });
  });

  it('is refused to pages of another origin, not to those of ours and to programs', async () => {
    const live = await startLive(mongoUrl);
    const url = `${live.url}/stream/ws`;
    const foreign = await ask(url, { origin: 'https://evil.example' });
    expect([foreign.status, JSON.parse(foreign.body).code]).toEqual([403, 'ERR_ORIGIN_FOREIGN']);
    expect((await ask(url, { origin: 'null' })).status).toBe(403);
    expect((await ask(url, { origin: live.url })).status).toBe(101);
    expect((await ask(url)).status).toBe(101);
    const rebound = { host: 'evil.example:3002', origin: 'http://evil.example:3002' };
    expect((await ask(url, rebound)).status).toBe(403);
  });

  it('for anything else than a WebSocket, or elsewhere, is served as if it asked for nothing', async () => {
    const live = await startLive(mongoUrl);
    expect((await ask(`${live.url}/livez`, { upgrade: 'h2c' })).status).toBe(200);
    expect((await ask(`${live.url}/livez`)).status).toBe(200);
    expect((await ask(`${live.url}/readyz?x=1`)).status).toBe(200);
    expect((await ask(`${live.url}/stream/ws`, { upgrade: 'h2c' })).status).toBe(426);
  });
});
