import { startTestApp } from '@sluice/local/test-app';
import { createTestNames } from '@sluice/local/test-names';
import { expect, inject, it, onTestFinished } from 'vitest';
import { openPlace } from './worker.ts';

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
