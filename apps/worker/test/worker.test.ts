import { createTestNames, mongoUrlFor } from '@sluice/local/test-names';
import { registerBullBoard } from '@sluice/queue/bull-board';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { openPlace, SOON, startWorker } from './worker.ts';

const { prefix, mongoUrl } = createTestNames();
const at = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
let place: Awaited<ReturnType<typeof openPlace>>;
let worker: ReturnType<typeof startWorker>;

beforeAll(async () => {
  place = await openPlace(at);
  worker = startWorker(at, { instance: 'w-new', env: { RETRY_ATTEMPTS: '4' } });
});
afterAll(async () => {
  await worker.close();
  await place.close();
});

/** Sends an event, waits until it is settled, and returns what is stored of it. */
async function settle(body: unknown, key?: string) {
  const { id, duplicate } = await place.send(body, key);
  await place.untilSettled();
  return { id, duplicate, raw: await place.findRaw(id), normalized: await place.findNormalized(id) };
}

describe('records', () => {
  it('are one for two spellings, and the second raw event names the first', async () => {
    const spelled = { source: 'client_A', payload: { value: 'sales', price: '1200', date: '2024/01/01' } };
    const canonical = { metric: 'sales', amount: 1200, timestamp: '2024-01-01T00:00:00Z' };
    const first = await settle(spelled);
    const second = await settle({ source: 'client_A', payload: canonical });
    expect(first.normalized).toMatchObject({
      ...{ type: 'metric', source: 'client_A', timestamp: new Date('2024-01-01T00:00:00.000Z') },
      data: { metric: 'sales', amount: 1200 },
    });
    expect(first.raw).toMatchObject({ status: 'normalized', attempts: 1 });
    expect(second.normalized).toBeNull();
    expect(second.raw).toMatchObject({
      status: 'duplicate',
      duplicateOf: first.id,
      duplicateLevel: 'normalized',
    });
    expect(await settle(spelled)).toMatchObject({ id: first.id, duplicate: true });
    expect(await place.count('raw_events', { source: 'client_A' })).toBe(2);
  });

  it('are two for contents that differ', async () => {
    const one = await settle({ source: 'client_B', payload: { foo: 1 } });
    const two = await settle({ source: 'client_B', payload: { foo: 2 } });
    expect(one.normalized?.data).toEqual({ foo: 1 });
    expect(two.normalized?.data).toEqual({ foo: 2 });
  });

  it('are two for equal sales of two clients', async () => {
    const payload = { metric: 'sales', amount: 5, timestamp: '2024-01-01T00:00:00Z' };
    const [one, two] = [
      await settle({ source: 'client_C', payload }),
      await settle({ source: 'client_D', payload }),
    ];
    expect(one.normalized?.source).toBe('client_C');
    expect(two.normalized?.source).toBe('client_D');
  });

  it('are brought from version 1 to version 2', async () => {
    const { raw, normalized } = await settle({
      source: 'crm',
      type: 'person',
      payload: { name: 'Ada Lovelace' },
    });
    expect(raw?.schemaVersion).toBe(1);
    expect(normalized).toMatchObject({
      schemaVersion: 2,
      data: { first_name: 'Ada', last_name: 'Lovelace' },
    });
  });

  it('keep the latest state of a device, whatever the order', async () => {
    for (const [second, heartRate] of [
      [20, 82],
      [30, 83],
      [10, 81],
    ] as const) {
      const payload = { device: 'd1', timestamp: 1_700_000_000 + second, heartRate };
      await settle({ source: 'ward', type: 'vitals', payload });
    }
    const latest = await place.store.db.collection('latest').findOne({ subject: 'd1' });
    expect(latest).toMatchObject({ source: 'ward', fields: { heartRate: { v: 83 } } });
  });
});

describe('a key that is used for two bodies', () => {
  it('keeps both, the second dead', async () => {
    const first = await settle({ source: 'keys', payload: { n: 1 } }, 'k-1');
    const second = await settle({ source: 'keys', payload: { n: 2 } }, 'k-1');
    expect(first.raw).toMatchObject({ status: 'normalized' });
    expect(second.raw).toMatchObject({ status: 'dead', code: 'ERR_KEY_REUSED', conflictOf: first.id });
    expect(second.raw?.body.toString()).toContain('{"n":2}');
  });
});

describe('simulated failures', () => {
  it.each([
    [true, 'normalized', 2, 1],
    [3, 'normalized', 4, 3],
    ['all', 'dead', 4, 4],
  ])('%j ends %s after %i attempts', async (simulateFailure, status, attempts, failures) => {
    const { raw, id } = await settle({
      source: 'sim',
      payload: { simulateFailure: `${simulateFailure}` },
      simulateFailure,
    });
    expect(raw).toMatchObject({ status, attempts, run: 0 });
    expect(raw?.history).toHaveLength(failures);
    expect(raw?.history?.[0]).toMatchObject({ attempt: 1, code: 'ERR_SIMULATED', worker: 'w-new' });
    expect(await place.inspector.readMark(id)).toEqual(status === 'dead' ? null : expect.anything());
  });

  it('take nobody of the same batch with them', async () => {
    const bodies = Array.from({ length: 20 }, (_, n) => ({
      source: 'mates',
      n,
      ...(n === 7 ? { simulateFailure: 1 } : {}),
    }));
    await place.sendAll(bodies);
    await place.untilSettled();
    expect(await place.count('raw_events', { source: 'mates', status: 'normalized', attempts: 1 })).toBe(19);
    expect(await place.count('raw_events', { source: 'mates', status: 'normalized', attempts: 2 })).toBe(1);
  });
});

describe('a dead event', () => {
  it('runs again with fresh attempts when it is retried in Bull Board', async () => {
    const board = fastify();
    await registerBullBoard(board, { redisUrl: at.redisUrl, prefix, logger: place.logger });
    onTestFinished(() => board.close());
    const api = '/admin/queues/api/queues/events';
    const { id, raw } = await settle({ source: 'dead', payload: { n: 1 }, simulateFailure: 100 });
    expect(raw).toMatchObject({ status: 'dead', attempts: 4, code: 'ERR_SIMULATED' });
    const jobId = `${id}-${raw?.contentHash.slice(0, 16)}-0`;
    await vi.waitFor(async () => {
      expect((await board.inject({ method: 'PUT', url: `${api}/${jobId}/retry` })).statusCode).toBeLessThan(
        300,
      );
    }, SOON);
    await vi.waitFor(async () => {
      expect(await place.findRaw(id)).toMatchObject({ status: 'normalized', attempts: 1 });
    }, SOON);
    const mended = await place.findRaw(id);
    expect(mended?.run).toBeGreaterThan(0);
    expect(mended).not.toHaveProperty('code');
    expect(await place.findNormalized(id)).not.toBeNull();
  });

  it('runs again when it is sent again', async () => {
    const body = { source: 'dead', payload: { n: 2 }, simulateFailure: 4 };
    const first = await settle(body);
    expect(first.raw).toMatchObject({ status: 'dead', run: 0 });
    const again = await settle(body);
    expect(again).toMatchObject({ id: first.id, duplicate: false, raw: { status: 'normalized' } });
  });

  it('dies at once when no attempt can help', async () => {
    const { raw } = await settle({
      source: 'dead',
      type: 'metric',
      payload: { metric: 'x', amount: 'many' },
    });
    expect(raw).toMatchObject({ status: 'dead', attempts: 1 });
    expect(raw?.code).toMatch(/^ERR_FIELD_/);
  });
});

describe('a worker of an older version', () => {
  it('leaves what it does not know to a newer one, and counts no attempt', async () => {
    const here = { ...at, prefix: `${prefix}-old`, mongoUrl: mongoUrlFor(`${prefix}_old`) };
    const both = await openPlace(here);
    const old = startWorker(here, { instance: 'w-old', env: { SUPPORTED_SCHEMA_VERSIONS: '1' } });
    const person = {
      source: 'crm',
      type: 'person',
      schemaVersion: 2,
      payload: { first_name: 'Ada', last_name: 'L.' },
    };
    const known = await both.send({ source: 'crm', type: 'person', payload: { name: 'Ada L.' } });
    const unknown = await both.send(person);
    await vi.waitFor(async () => {
      expect(await both.findRaw(unknown.id)).toMatchObject({ status: 'pending', attempts: 0 });
      expect(await both.findRaw(known.id)).toMatchObject({ status: 'normalized' });
      expect(await both.inspector.readCounts()).toMatchObject({ parked: 1, delayed: 0 });
    }, SOON);
    // Which of two takes it next is chance, and each time the old one does it waits twice as long.
    await old.close();
    const newer = startWorker(here, { instance: 'w-newer' });
    await vi.waitFor(async () => {
      expect(await both.findRaw(unknown.id)).toMatchObject({ status: 'normalized', attempts: 1 });
    }, SOON);
    const raw = await both.findRaw(unknown.id);
    expect(raw).not.toHaveProperty('history');
    expect(await both.findNormalized(unknown.id)).toMatchObject({
      schemaVersion: 2,
      data: { first_name: 'Ada' },
    });
    await newer.close();
    await both.close();
  });
});

describe('the ledger', () => {
  it('balances after all of it', async () => {
    await place.untilSettled();
    const { sent, accepted, merged, byStatus, missing, direct } = await place.readBalance();
    expect(missing).toEqual([]);
    expect(accepted + merged).toBe(sent);
    const { normalized, duplicate, dead, pending, failed } = byStatus;
    expect({ pending, failed, direct }).toEqual({ pending: 0, failed: 0, direct: 0 });
    expect(normalized + duplicate + dead).toBe(accepted);
    expect(await place.count('normalized_events')).toBe(normalized);
  });
});
