import { connect } from 'node:net';
import { toCollection } from '@sluice/store/collections';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startLive, toDocument, useDatabase } from './fixtures.ts';
import { isRecord, openStream, toNumber } from './sse-reader.ts';

const FILLING = 'x'.repeat(500);

const { store, mongoUrl } = useDatabase();

describe('a burst that is larger than the ring', () => {
  it('cuts nobody off who reads', async () => {
    const live = await startLive(mongoUrl, { ringCount: 200 });
    const stream = await openStream(`${live.url}/stream`);
    await stream.next();
    await store.client.withSession((session) =>
      session.withTransaction(() =>
        toCollection(store, 'normalized_events').insertMany(
          Array.from({ length: 2000 }, (_, index) =>
            toDocument(index + 1, { data: { n: index + 1, x: FILLING } }),
          ),
          { session },
        ),
      ),
    );
    for (let number = 1; number <= 2000; number += 1) {
      expect(toNumber(await stream.next(isRecord))).toBe(number);
    }
    expect(await live.metrics.read()).toMatch(/^sluice_live_dropped_total\{.*kind="sse".*\} 0$/m);
  });
});

describe('a slow client', () => {
  it('is cut off when the ring has gone on without it, and resumes without a gap', async () => {
    const live = await startLive(mongoUrl, { ringBytes: 1024 * 1024, heartbeatMs: 60_000 });
    const socket = connect({ host: '127.0.0.1', port: live.port });
    socket.on('error', () => undefined);
    onTestFinished(() => {
      socket.destroy();
    });
    const received: Buffer[] = [];
    await new Promise<void>((resolve) => {
      socket.once('data', (data) => {
        received.push(data);
        socket.pause();
        resolve();
      });
      socket.write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });
    const collection = toCollection(store, 'normalized_events');
    const filling = 'x'.repeat(256 * 1024);
    let count = 0;
    await vi.waitFor(
      async () => {
        count += 1;
        await collection.insertOne(toDocument(count, { data: { n: count, filling } }));
        expect(await live.metrics.read()).toMatch(/^sluice_live_dropped_total\{.*kind="sse".*\} 1$/m);
      },
      { timeout: 30_000, interval: 1 },
    );
    const rest = new Promise((resolve) => socket.on('close', resolve));
    socket.on('data', (data) => received.push(data)).resume();
    await rest;
    const text = Buffer.concat(received).toString();
    const whole = text.slice(0, text.lastIndexOf('\n\n'));
    const seen = [...whole.matchAll(/"data":\{"n":(\d+)/g)].length;
    const id = [...whole.matchAll(/^id: (82[0-9A-F]+)$/gm)].at(-1)?.[1];
    expect(seen).toBeLessThan(count);

    const resumed = await openStream(`${live.url}/stream`, { lastEventId: id ?? '' });
    for (let number = seen + 1; number <= count; number += 1) {
      expect(toNumber(await resumed.next(isRecord))).toBe(number);
    }
  });
});
