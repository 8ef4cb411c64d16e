import { startTestApp } from '@sluice/local/test-app';
import { createTestNames } from '@sluice/local/test-names';
import { expect, inject, it, onTestFinished } from 'vitest';
import { openPlace, startWorker } from './worker.ts';

const EVENTS = 40;
const EMPTY_OBJECTS = 340_000;

it('settles more large events than its memory could hold at once', async () => {
  const { mongoUrl, prefix } = createTestNames();
  const redisUrl = inject('redisUrl');
  const place = await openPlace({ redisUrl, mongoUrl, prefix });
  onTestFinished(place.close);
  for (let n = 0; n < EVENTS; n += 1) {
    await place.send({ source: 'large', payload: [n, ...Array.from({ length: EMPTY_OBJECTS }, () => ({}))] });
  }
  const worker = startTestApp('worker', {
    ...{ REDIS_URL: redisUrl, MONGODB_URI: mongoUrl, QUEUE_PREFIX: prefix, WORKER_PORT: '0' },
    NODE_OPTIONS: '--max-old-space-size=576',
  });
  await worker.waitForLine('process.started');
  await place.untilSettled();
  expect(await place.count('raw_events', { status: 'normalized', attempts: 1 })).toBe(EVENTS);
  worker.signal('SIGTERM');
  expect(await worker.ended).toMatch(/^code 0/);
}, 180_000);

it('makes events dead at once whose records are more than MongoDB holds, and stores what came beside them', async () => {
  const { mongoUrl, prefix } = createTestNames();
  const place = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
  const sent = await openPlace(place);
  onTestFinished(sent.close);
  const send = (payload: unknown) => sent.send({ source: 'dense', payload });
  const ids: string[] = [];
  // The driver tells the first by its size; the second is more than it can write down.
  for (const length of [1_300_000, 1_700_000]) {
    ids.push((await send(Array.from({ length }, () => ({})))).id);
    await send([length]);
  }
  const worker = startWorker(place, { instance: 'worker' });
  onTestFinished(worker.close);
  await sent.untilSettled();
  for (const id of ids) {
    expect(await sent.findRaw(id)).toMatchObject({
      ...{ status: 'dead', attempts: 1, code: 'ERR_RECORD_TOO_LARGE' },
      history: [{ attempt: 1, outcome: 'dead' }],
    });
  }
  expect(await sent.count('raw_events', { status: 'normalized' })).toBe(2);
  expect(await sent.readBalance()).toMatchObject({ accepted: 4, missing: [] });
}, 120_000);
