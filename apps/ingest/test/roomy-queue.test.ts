import { createTestNames } from '@sluice/local/test-names';
import { startOwnRedis } from '@sluice/local/test-servers';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import { createRedis } from '@sluice/queue/connection';
import { createLogger } from '@sluice/runtime/logger';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createRoomyQueue } from '../src/roomy-queue.ts';

const MIB = 1024 ** 2;
const SOON = { timeout: 10_000, interval: 50 };

function toJob(seq: number) {
  const event = toAcceptedEvent({
    ...{ tenant: 'default', source: 'shop', via: 'api', form: 'submission', headers: {} },
    ...{ body: Buffer.from(`"${'x'.repeat(MIB)}"`), contentType: 'application/json', payload: { seq } },
    ...{ exact: true, key: null, type: undefined, schemaVersion: 1, simulate: 0, receivedAtMs: Date.now() },
  });
  return { envelope: 1 as const, instance: 'i', seq, events: [event] };
}

it('counts what a burst has sent since it looked, and writes marks only below a third', async () => {
  const server = await startOwnRedis({ maxmemoryBytes: 48 * MIB });
  const { prefix } = createTestNames();
  const logger = createLogger({ app: 'ingest', instance: prefix, level: 'silent' });
  const redis = createRedis({ url: server.url, role: 'producer', logger });
  const { client } = redis;
  const queue = createRoomyQueue({ redisUrl: server.url, prefix, deadlineMs: 10_000, logger });
  onTestFinished(async () => {
    await Promise.all([queue.close(), redis.close()]);
    await server.stop();
  });
  const mark = (eventId: string) =>
    queue.writeMarks([{ eventId, mark: { jobId: 'b-i-1', contentHash: 'c'.repeat(64) } }]);
  await vi.waitFor(() => Promise.all([queue.ping(), redis.ping()]), SOON);
  mark('evt_early');
  await client.config('RESETSTAT');
  let asked = 0;
  await vi.waitFor(async () => {
    asked += 1;
    const calls = /cmdstat_info:calls=(\d+)/.exec(await client.info('commandstats'))?.[1];
    expect(Number(calls ?? 0) - asked).toBeGreaterThan(1);
  }, SOON);
  await queue.ping();

  const answers = await Promise.allSettled(
    Array.from({ length: 60 }, (_, seq) => queue.addBatch(`b-i-${seq}`, toJob(seq))),
  );
  mark('evt_late');
  const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [String(answer.reason)] : []));
  expect(refusals.length).toBeGreaterThan(24);
  expect(refusals.length).toBeLessThan(36);
  expect(refusals.every((text) => text.includes('70 %'))).toBe(true);
  expect(await queue.readMarks(['evt_early', 'evt_late'])).toEqual([expect.anything(), null]);
});
