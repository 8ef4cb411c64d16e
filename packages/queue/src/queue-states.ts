import { QUEUES } from '@sluice/contracts/queues';
import { QueueKeys } from 'bullmq';
import type { RedisHandle } from './connection.ts';
import { toWaitingSinceMs, WAITING_SINCE_FIELDS } from './due-time.ts';
import { execPipeline } from './redis-deadline.ts';
import { toParkedKey } from './redis-keys.ts';

/** How a queue stands, in jobs; `delayed` counts those that wait for a retry, `parked` the others. */
export type QueueDepth = {
  readonly name: (typeof QUEUES)[keyof typeof QUEUES];
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  readonly parked: number;
  readonly paused: boolean;
  /** How long the next job has waited since it was due; null when none waits. */
  readonly oldestWaitingMs: number | null;
};

/** How many commands ask for one queue. */
const QUESTIONS = 8;

/**
 * Creates a function that reads how every queue stands, in two round trips however many there are. It rejects with
 * `DependencyAwayError` when Redis is away or silent.
 */
export function createQueueStates(options: {
  readonly redis: RedisHandle;
  readonly prefix: string;
  readonly now: () => number;
}): () => Promise<readonly QueueDepth[]> {
  const { redis, prefix, now } = options;
  const { client, commandTimeoutMs } = redis;
  const keys = new QueueKeys(prefix);
  const names = Object.values(QUEUES);

  return async function readQueueStates() {
    const pipeline = client.pipeline();
    for (const name of names) {
      const toKey = (type: string) => keys.toKey(name, type);
      pipeline
        .llen(toKey('wait'))
        .llen(toKey('paused'))
        .llen(toKey('active'))
        .zcard(toKey('delayed'))
        .zcard(toKey('failed'))
        .zintercard(2, toKey('delayed'), toParkedKey(prefix))
        .hexists(toKey('meta'), 'paused')
        .lindex(toKey('wait'), -1);
    }
    const replies = await execPipeline(pipeline, commandTimeoutMs, 'for the queues');
    const ages = client.pipeline();
    for (const [index, name] of names.entries()) {
      const oldest = String(replies[index * QUESTIONS + QUESTIONS - 1] ?? '');
      ages.hmget(keys.toKey(name, oldest), ...WAITING_SINCE_FIELDS);
    }
    const oldestJobs = await execPipeline(ages, commandTimeoutMs, 'for the oldest jobs');
    return names.map((name, index): QueueDepth => {
      const counts = replies.slice(index * QUESTIONS, index * QUESTIONS + QUESTIONS - 1).map(Number);
      const [wait = 0, held = 0, active = 0, delayed = 0, failed = 0, parked = 0, paused = 0] = counts;
      const sinceMs = toWaitingSinceMs(oldestJobs[index] as readonly unknown[]);
      return {
        name,
        ...{ waiting: wait + held, active, failed, parked, paused: paused > 0 },
        delayed: Math.max(0, delayed - parked),
        oldestWaitingMs: sinceMs === null ? null : Math.max(0, now() - sinceMs),
      };
    });
  };
}
