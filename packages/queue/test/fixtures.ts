import { createHash, randomUUID } from 'node:crypto';
import type { AcceptedEvent } from '@sluice/contracts/event';
import type { EventsJob } from '@sluice/contracts/queues';
import {
  type OwnServer,
  type OwnServerOptions,
  startOwnRedis as startOwnServer,
} from '@sluice/local/test-servers';
import { Redis } from 'ioredis';
import { inject, onTestFinished, vi } from 'vitest';
import { createEventsInspector } from '../src/events-inspector.ts';
import { createEventsProducer } from '../src/events-producer.ts';
import type { QueueLogger } from '../src/queue-logger.ts';

/** Returns a prefix that no other test has. */
export function toPrefix(): string {
  return `test-${randomUUID().slice(0, 8)}`;
}

/** A logger that keeps its lines. */
export function createMemoryLogger(): QueueLogger & { readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  return {
    lines,
    warn(fields, message) {
      lines.push({ ...fields, message });
    },
  };
}

export function toEvent(name: string): AcceptedEvent {
  const hash = createHash('sha256').update(name).digest('hex');
  return {
    eventId: `evt_${hash.slice(0, 32)}`,
    tenant: 'default',
    source: 'shop',
    via: 'webhook',
    form: 'payload',
    idempotencyKey: name,
    keyOrigin: 'header',
    contentHash: hash,
    contentType: 'application/json',
    headers: { 'x-secret': 'a-header-secret' },
    body: `{"secret":"a-body-secret","name":"${name}"}`,
    schemaVersion: 1,
    receivedAt: '2026-01-01T00:00:00.000Z',
  };
}

export function toBatch(...names: string[]): EventsJob {
  return { envelope: 1, instance: 'i1', seq: 1, events: names.map(toEvent) };
}

export function toSingle(name: string, single: Partial<NonNullable<EventsJob['single']>> = {}): EventsJob {
  return { ...toBatch(name), single: { run: 0, attemptsBefore: 1, reason: 'failed', ...single } };
}

/** Opens the queue of one test on the shared Redis; `close` removes what it left there. */
export async function openEventsQueue() {
  const prefix = toPrefix();
  const logger = createMemoryLogger();
  const options = { redisUrl: inject('redisUrl'), prefix, logger };
  const producer = createEventsProducer(options);
  const inspector = createEventsInspector(options);
  const redis = new Redis(options.redisUrl);
  await vi.waitFor(() => Promise.all([producer.ping(), inspector.ping()]));
  async function close(): Promise<void> {
    await Promise.all([producer.close(), inspector.close()]);
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
  }
  return { prefix, logger, producer, inspector, redis, close };
}

/** Starts a Redis that the test may kill and freeze, and ends it with the test. */
export async function startOwnRedis(options: OwnServerOptions = {}): Promise<OwnServer> {
  const redis = await startOwnServer(options);
  onTestFinished(redis.stop);
  return redis;
}

/** Waits until an outage has lasted that long. */
export async function untilElapsed(ms: number): Promise<void> {
  const start = performance.now();
  await vi.waitUntil(() => performance.now() - start >= ms, { timeout: ms + 5000, interval: 50 });
}

/** Returns how long `work` took to settle, and how it ended. */
export async function timed<T>(
  work: Promise<T>,
): Promise<{ readonly ms: number; readonly error: unknown; readonly value: T | undefined }> {
  const start = performance.now();
  const [result] = await Promise.allSettled([work]);
  const ms = performance.now() - start;
  return result.status === 'fulfilled'
    ? { ms, error: undefined, value: result.value }
    : { ms, error: result.reason, value: undefined };
}
