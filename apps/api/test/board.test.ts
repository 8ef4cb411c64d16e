import { createEventsProducer } from '@sluice/queue/events-producer';
import { toCollection } from '@sluice/store/collections';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startGuardedApi } from './access-fixtures.ts';
import { logger, NO_REDIS, toEvent, useStores } from './fixtures.ts';

const stores = useStores();
const API = '/admin/queues/api/queues';
const PAGE = { headers: { accept: 'text/html,*/*' } };

/** Starts the api with a job in the queue `events`, and a key of each role that may see the board. */
async function start() {
  const api = await startGuardedApi(stores);
  const producer = createEventsProducer({ redisUrl: stores.redisUrl, prefix: stores.prefix, logger });
  onTestFinished(() => producer.close());
  await vi.waitFor(() => producer.ping());
  const jobId = `${toEvent({ n: 1 }).eventId}-h-0`;
  const job = { envelope: 1, instance: 'i', seq: 1, events: [toEvent({ n: 1 })] } as const;
  await producer.addSplit([{ jobId, job: { ...job, events: [...job.events] }, delayMs: 0 }]);
  const [viewer, operator] = [await api.addKey('viewer'), await api.addKey('operator', { name: 'grace' })];
  await vi.waitFor(async () => expect((await api.call('GET', API, viewer)).status).toBe(200));
  return { ...api, jobId, viewer, operator };
}

it('is read-only for a viewer, and tells one who tries so', async () => {
  const { call, jobId, viewer, operator } = await start();
  const read = async (key: string) => (await call('GET', API, key)).body.queues[0];
  expect(await read(viewer)).toMatchObject({ name: 'events', readOnlyMode: true, allowRetries: false });
  expect(await read(operator)).toMatchObject({ name: 'events', readOnlyMode: false, allowRetries: true });
  const refused = await call('PUT', `${API}/events/${jobId}/retry`, viewer);
  // The board's script shows `error` and `message`, and nothing else.
  expect(refused).toMatchObject({
    status: 403,
    body: {
      code: 'ERR_FORBIDDEN',
      error: 'This key may not do that.',
      message: expect.stringContaining('role operator'),
    },
  });
});

it('deletes, cleans, obliterates and adds for nobody', async () => {
  const { call, jobId, viewer, operator } = await start();
  for (const [method, path] of [
    ['PUT', `/events/${jobId}/clean`],
    ['PUT', '/events/clean/failed'],
    ['PUT', '/events/empty'],
    ['PUT', '/events/obliterate'],
    ['POST', '/events/add'],
    ['PUT', '/events/pause'],
  ] as const) {
    for (const key of [viewer, operator]) {
      const answer = await call(method, `${API}${path}`, key, { payload: {} });
      expect([answer.status, answer.body.error.key], path).toEqual([405, 'ERRORS.QUEUE_READ_ONLY']);
    }
  }
});

it('refuses to promote what is not delayed with a plain reason, and notes who tried', async () => {
  const { call, jobId, operator } = await start();
  const answer = await call('PUT', `${API}/events/${jobId}/promote`, operator);
  expect(answer).toMatchObject({
    status: 409,
    body: { code: 'ERR_JOB_STATE', message: expect.stringContaining('only delayed ones promoted') },
  });
  expect(answer.headers['content-type']).toContain('application/problem+json');
  await vi.waitFor(async () => {
    const entry = await toCollection(stores.store, 'audit_log').findOne({ action: 'promoteJob' });
    expect(entry).toMatchObject({
      actor: { name: 'grace' },
      params: { jobId },
      status: 409,
      code: 'ERR_JOB_STATE',
    });
  });
});

it('says within 3 s that Redis is away, to a program as a problem and to a person as a page', async () => {
  const { call, addKey } = await startGuardedApi({ ...stores, redisUrl: NO_REDIS });
  const operator = await addKey('operator');
  const beganMs = performance.now();
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/events/x'],
    ['PUT', '/events/x/retry'],
    ['PUT', '/events/retry/failed'],
  ] as const) {
    const { status, headers, body } = await call(method, `${API}${path}`, operator);
    expect([status, body.code, body.message], path).toEqual([503, 'ERR_UNAVAILABLE', 'Redis is away.']);
    expect(headers).toMatchObject({
      'retry-after': '2',
      'content-type': expect.stringContaining('application/problem+json'),
    });
  }
  const page = await call('GET', API, operator, PAGE);
  expect(page).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.text).toContain('Redis is away.');
  expect((await call('GET', '/admin/queues', operator, PAGE)).status).toBe(200);
  expect(performance.now() - beganMs).toBeLessThan(3000);
});
