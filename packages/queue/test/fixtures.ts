import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AcceptedEvent } from '@sluice/contracts/event';
import type { EventsJob } from '@sluice/contracts/queues';
import { findFreePort } from '@sluice/local/ports';
import { startRedis } from '@sluice/local/redis';
import type {} from '@sluice/local/test-context';
import { inject, onTestFinished, vi } from 'vitest';
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

/** Starts a Redis that the test may kill and freeze; `restart` brings it back on the same port with its data. */
export async function startOwnRedis(options: { readonly port?: number } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-queue-'));
  const port = options.port ?? (await findFreePort());
  const start = () =>
    startRedis({ dir, port, appendfsync: 'always', env: inject('hostEnv'), say: () => undefined });
  let server = await start();
  onTestFinished(async () => {
    signal('SIGCONT');
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  function signal(name: NodeJS.Signals): void {
    for (const pid of server.pids) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended: as a test that kills it wants.
      }
    }
  }

  return {
    url: server.url,
    port,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async kill() {
      signal('SIGKILL');
      await server.ended;
    },
    async restart() {
      server = await start();
    },
  };
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
