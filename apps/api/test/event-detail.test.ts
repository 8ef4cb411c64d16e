import { toConflictEventId } from '@sluice/normalizer/identity';
import { connectStore } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { createNormalizedEvents } from '@sluice/store/normalized-events';
import { createRawEvents } from '@sluice/store/raw-events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createEventDetails } from '../src/detail/event-details.ts';
import { createPipeline, NO_MONGO, NO_REDIS, startApi, toEvent, useStores } from './fixtures.ts';

const stores = useStores();
const metric = (n: number) => ({ metric: 'sales', amount: n, timestamp: '2026-01-02T03:04:05Z' });

async function start() {
  const api = await startApi(stores);
  const pipeline = await createPipeline(stores);
  /** A failed event is told as such a moment before its job waits again: `length` waits for that step too. */
  async function untilStatus(id: string, status: string, length?: number) {
    return vi.waitFor(
      async () => {
        const { body } = await api.get(`/api/events/${id}`);
        expect(body.status).toBe(status);
        if (length !== undefined) expect(body.timeline).toHaveLength(length);
        return body;
      },
      { timeout: 20_000 },
    );
  }
  return { api, pipeline, untilStatus };
}

const steps = (body: { timeline: { step: string }[] }) => body.timeline.map(({ step }) => step);

describe('an event that is not stored yet', () => {
  it('is pending while it waits in the queue, with its payload', async () => {
    const { api, pipeline } = await start();
    const event = toEvent(metric(1));
    const { id } = await pipeline.submit(event);
    const { status, body } = await api.get(`/api/events/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id,
      status: 'pending',
      normalized: null,
      duplicate: null,
      raw: {
        id,
        source: 'shop',
        client_id: 'shop',
        status: 'pending',
        attempts: 0,
        contentHash: event.contentHash,
        headers: { 'x-test': 'yes' },
        payload: metric(1),
        payloadNote: null,
      },
    });
    expect(steps(body)).toEqual(['received', 'queued']);
  });

  it('is processing while a worker has it in hand', async () => {
    const { pipeline, untilStatus } = await start();
    const { id } = await pipeline.submit(toEvent(metric(2)));
    const gate = Promise.withResolvers<void>();
    pipeline.startWorker({ gate: gate.promise });
    const body = await untilStatus(id, 'processing');
    expect(steps(body)).toEqual(['received', 'queued', 'attempt']);
    gate.resolve();
    await untilStatus(id, 'normalized');
  });

  it('is pending while the inbox keeps it', async () => {
    const { api } = await start();
    const event = toEvent(metric(3));
    await createInbox(stores.store).insert({ instance: 'ingest-x', seq: 1, events: [event] });
    const { status, body } = await api.get(`/api/events/${event.eventId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'pending', raw: { payload: metric(3) } });
    expect(body.timeline.at(-1).detail).toContain('inbox');
  });

  it('is found under the id of the conflict when its key was used before', async () => {
    const { api, pipeline, untilStatus } = await start();
    const first = await pipeline.submit(toEvent(metric(4), { key: 'same' }));
    const second = await pipeline.submit(toEvent(metric(5), { key: 'same' }));
    expect(second.id).not.toBe(first.id);
    const { body } = await api.get(`/api/events/${second.id}`);
    expect(body).toMatchObject({ id: second.id, status: 'pending', raw: { payload: metric(5) } });
    pipeline.startWorker();
    await untilStatus(second.id, 'dead');
    expect((await api.get(`/api/events/${second.id}`)).body.raw).toMatchObject({
      code: 'ERR_KEY_REUSED',
      conflictOf: first.id,
    });
  });

  it('names what used its key again, also when that was stored first', async () => {
    const { api, pipeline, untilStatus } = await start();
    const first = toEvent(metric(6), { key: 'twice' });
    const second = toEvent(metric(7), { key: 'twice' });
    const id = toConflictEventId(second.tenant, second.source, second.idempotencyKey, second.contentHash);
    await pipeline.submit({ ...second, eventId: id, conflictOf: first.eventId });
    pipeline.startWorker();
    await untilStatus(id, 'dead');
    await pipeline.submit(first);
    await untilStatus(first.eventId, 'normalized');
    const { body } = await api.get(`/api/events/${first.eventId}`);
    expect(body.raw.conflicts).toEqual([id]);
  });
});

describe('a stored event', () => {
  it('shows raw event, record and timeline', async () => {
    const { pipeline, untilStatus } = await start();
    const { id } = await pipeline.submit(toEvent(metric(10)));
    pipeline.startWorker();
    const body = await untilStatus(id, 'normalized');
    expect(body.raw).toMatchObject({ id, status: 'normalized', payload: metric(10), attempts: 1 });
    expect(body.normalized).toMatchObject({ id, type: 'metric', data: { metric: 'sales', amount: 10 } });
    expect(steps(body)).toEqual(['received', 'queued', 'attempt', 'outcome']);
    expect(body.duplicate).toBeNull();
  });

  it('hands out its bytes as they arrived, or the first of them, as a file', async () => {
    const { api, pipeline, untilStatus } = await start();
    const event = toEvent(metric(130));
    const { id } = await pipeline.submit(event);
    pipeline.startWorker();
    await untilStatus(id, 'normalized');
    const whole = await api.server.inject(`/api/events/${id}/body`);
    expect([whole.statusCode, whole.body]).toEqual([200, event.body]);
    expect(whole.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${id}"`,
      'x-content-type-options': 'nosniff',
    });
    const first = await api.server.inject(`/api/events/${id}/body?bytes=3`);
    expect([first.body, first.headers['x-total-bytes']]).toEqual([
      event.body.slice(0, 3),
      String(event.body.length),
    ]);
    const unknown = await api.server.inject(`/api/events/evt_${'0'.repeat(32)}/body`);
    expect(unknown.statusCode).toBe(404);
  });

  it('is failed between attempts, and says when the next one comes', async () => {
    const { pipeline, untilStatus } = await start();
    const { id } = await pipeline.submit(toEvent(metric(11), { simulate: 'all' }));
    pipeline.startWorker({ backoffMs: 60_000 });
    const body = await untilStatus(id, 'failed', 4);
    expect(steps(body)).toEqual(['received', 'queued', 'attempt', 'queued']);
    expect(body.timeline[2]).toMatchObject({ run: 0, attempt: 1, code: 'ERR_SIMULATED' });
    expect(body.timeline[3].detail).toMatch(/^The next attempt comes at 20\d\d-/);
    expect(Date.parse(body.timeline[3].dueAt)).toBeGreaterThan(Date.parse(body.timeline[3].at));
  });

  it('lists every attempt, the last successful one included', async () => {
    const { pipeline, untilStatus } = await start();
    const { id } = await pipeline.submit(toEvent(metric(12), { simulate: 2 }));
    pipeline.startWorker({ backoffMs: 1 });
    const body = await untilStatus(id, 'normalized');
    expect(
      body.timeline.map(({ step, attempt }: { step: string; attempt?: number }) => [step, attempt]),
    ).toEqual([
      ['received', undefined],
      ['queued', undefined],
      ['attempt', 1],
      ['attempt', 2],
      ['attempt', 3],
      ['outcome', undefined],
    ]);
  });

  it('is dead after its last attempt, with the code', async () => {
    const { pipeline, untilStatus } = await start();
    const { id } = await pipeline.submit(toEvent(metric(13), { simulate: 'all' }));
    pipeline.startWorker({ attempts: 1 });
    const body = await untilStatus(id, 'dead');
    expect(body.raw).toMatchObject({ status: 'dead', code: 'ERR_SIMULATED', attempts: 1 });
    expect(body.timeline.at(-1)).toMatchObject({ step: 'outcome', code: 'ERR_SIMULATED' });
  });

  it('explains a duplicate by content', async () => {
    const { pipeline, untilStatus } = await start();
    const first = await pipeline.submit(toEvent(metric(14), { key: 'a' }));
    pipeline.startWorker();
    await untilStatus(first.id, 'normalized');
    const second = await pipeline.submit(toEvent(metric(14), { key: 'b' }));
    const body = await untilStatus(second.id, 'duplicate');
    expect(body.duplicate).toMatchObject({ level: 'raw', of: first.id, fields: [] });
    expect(body.duplicate.explanation).toContain(first.id);
    expect(body.raw).toMatchObject({ duplicateOf: first.id, duplicateLevel: 'raw' });
  });

  it('explains a duplicate by record, naming the fields that differ', async () => {
    const { pipeline, untilStatus } = await start();
    const first = await pipeline.submit(toEvent({ metric: 'sales', price: 15, at: '2026-01-02T03:04:05Z' }));
    pipeline.startWorker();
    await untilStatus(first.id, 'normalized');
    const second = await pipeline.submit(toEvent({ metric: 'sales', price: '15.00', at: 1767323045 }));
    const body = await untilStatus(second.id, 'duplicate');
    expect(body.duplicate).toMatchObject({ level: 'normalized', of: first.id, fields: ['at', 'price'] });
    expect(body.duplicate.explanation).toContain('`at`, `price`');
  });

  it('shows text that is not JSON, and only the size of what is large', async () => {
    const { pipeline, untilStatus } = await start();
    const text = await pipeline.submit(toEvent(null, { text: 'a plain line', contentType: 'text/plain' }));
    const large = await pipeline.submit(
      toEvent({ metric: 'sales', amount: 1, filling: 'x'.repeat(300_000) }),
    );
    pipeline.startWorker();
    expect((await untilStatus(text.id, 'normalized')).raw).toMatchObject({
      payload: 'a plain line',
      payloadNote: null,
    });
    const { raw } = await untilStatus(large.id, 'normalized');
    expect(raw.payload).toBeNull();
    expect(raw.payloadNote).toContain(`${raw.sizeBytes} bytes`);
  });
});

describe('an event that is stored between the questions to MongoDB and to the queue', () => {
  it('is found all the same', async () => {
    const { api, pipeline, untilStatus } = await start();
    const { store } = stores;
    const { id } = await pipeline.submit(toEvent(metric(16)));
    const details = createEventDetails({
      rawEvents: createRawEvents(store),
      normalizedEvents: createNormalizedEvents(store),
      inbox: createInbox(store),
      readSyncedUpTo: async () => null,
      inspector: {
        findJob: api.inspector.findJob,
        async readMark(eventId) {
          const mark = await api.inspector.readMark(eventId);
          pipeline.startWorker();
          await untilStatus(id, 'normalized');
          return mark;
        },
      },
      now: Date.now,
    });
    expect(await details.read('default', id)).toMatchObject({ id, status: 'normalized' });
  });
});

describe('an id', () => {
  it('that is unknown or malformed is answered 404', async () => {
    const { api } = await start();
    for (const id of [`evt_${'0'.repeat(32)}`, 'evt_1', 'nonsense', 'evt_$ne', '%00']) {
      const { status, body } = await api.get(`/api/events/${id}`);
      expect(status).toBe(404);
      expect(body.code).toBe('ERR_NOT_FOUND');
    }
  });

  it('takes no query parameters', async () => {
    const { api } = await start();
    const { status, body } = await api.get(`/api/events/evt_${'0'.repeat(32)}?verbose=1`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'ERR_QUERY_INVALID', errors: [{ pointer: '/verbose' }] });
  });
});

describe('while a store is away', () => {
  it('answers what is in the queue without MongoDB, and 503 what is not', async () => {
    const away = connectStore({ uri: NO_MONGO, appName: 'api-test' });
    onTestFinished(() => away.close());
    const api = await startApi({ ...stores, store: away });
    const { id } = await (await createPipeline(stores)).submit(toEvent(metric(20)));
    const { status, body } = await api.get(`/api/events/${id}`);
    expect([status, body.status]).toEqual([200, 'pending']);
    const startedAt = performance.now();
    const unknown = await api.get(`/api/events/evt_${'0'.repeat(32)}`);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect([unknown.status, unknown.body.code]).toEqual([503, 'ERR_UNAVAILABLE']);
    expect(unknown.headers['retry-after']).toBeDefined();
  });

  it('answers what is stored without Redis, and 503 what is not', async () => {
    const { pipeline, untilStatus } = await start();
    const { id } = await pipeline.submit(toEvent(metric(21)));
    pipeline.startWorker();
    await untilStatus(id, 'normalized');
    const api = await startApi({ ...stores, redisUrl: NO_REDIS });
    const { status, body } = await api.get(`/api/events/${id}`);
    expect([status, body.status]).toEqual([200, 'normalized']);
    expect((await api.get(`/api/events/evt_${'0'.repeat(32)}`)).status).toBe(503);
  });
});
