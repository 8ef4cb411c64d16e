import { createTestNames } from '@sluice/local/test-names';
import { createRedis } from '@sluice/queue/connection';
import { createMaintenanceSwitch } from '@sluice/queue/maintenance';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { openPlace, SOON, startWorker } from './worker.ts';

it('leaves what waits alone while maintenance is on, and counts no attempt', async () => {
  const { prefix, mongoUrl } = createTestNames();
  const at = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
  const place = await openPlace(at);
  const redis = createRedis({ url: at.redisUrl, role: 'producer', logger: place.logger });
  await vi.waitFor(() => redis.ping(), SOON);
  const maintenance = createMaintenanceSwitch({ redis, prefix, now: Date.now });
  await maintenance.set(true);
  const worker = startWorker(at, { instance: 'w-held' });
  onTestFinished(async () => {
    await worker.close();
    await redis.close();
    await place.close();
  });
  await vi.waitFor(() => expect(worker.app.isHolding()).toBe(true), SOON);
  expect(worker.app.readNow()).toMatchObject({
    ...{ state: 'holding', reason: 'maintenance', since: expect.any(String) },
    serves: [{ queue: 'events' }],
  });

  const { id } = await place.send({ source: 'shop', payload: { n: 1 } });
  const watched = vi.waitFor(async () => expect(await place.count('raw_events')).toBe(1), { timeout: 1500 });
  await expect(watched).rejects.toThrow();
  expect((await place.inspector.readCounts()).waiting).toBe(1);

  expect(await maintenance.set(false)).toBeNull();
  await place.untilSettled();
  expect(await place.findRaw(id)).toMatchObject({ status: 'normalized', attempts: 1 });
  await vi.waitFor(() => expect(worker.app.isHolding()).toBe(false), SOON);
  expect(worker.app.readNow()).toMatchObject({
    ...{ state: 'running', reason: null, since: null },
    lastMinute: { events: { jobsOut: 1, eventsOut: 1, failed: 0 } },
  });
});
