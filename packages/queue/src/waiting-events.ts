import type { Redis } from 'ioredis';
import { execPipeline } from './redis-deadline.ts';

/** Jobs at each end of the queue that are looked at. */
const SAMPLE = 500;

/**
 * Counts the events in waiting jobs: exactly while no more than 1,000 jobs wait; of more, by the mean of the 500 that
 * came last and the 500 that are next.
 *
 * @throws DependencyAwayError
 */
export async function countWaitingEvents({
  client,
  toKey,
  deadlineMs,
}: {
  readonly client: Redis;
  /** Makes a key of the queue. */
  readonly toKey: (type: string) => string;
  readonly deadlineMs: number;
}): Promise<number> {
  const wait = toKey('wait');
  const [total, newest, next] = await execPipeline(
    client
      .pipeline()
      .llen(wait)
      .lrange(wait, 0, SAMPLE - 1)
      .lrange(wait, -SAMPLE, -1),
    deadlineMs,
    'for the waiting jobs',
  );
  const ids = [...new Set([newest, next].flat().map(String))];
  if (ids.length === 0) return 0;
  const pipeline = client.pipeline();
  for (const id of ids) pipeline.hget(toKey(id), 'opts');
  const found = await execPipeline(pipeline, deadlineMs, 'for the sizes of jobs');
  const events = found.reduce<number>((sum, opts) => sum + readEventCount(opts), 0);
  return Math.round((events / ids.length) * Math.max(Number(total), ids.length));
}

/** A job that does not say how many events it holds, or was fetched meanwhile, counts as one. */
function readEventCount(opts: unknown): number {
  if (typeof opts !== 'string') return 1;
  const { eventCount } = JSON.parse(opts) as { eventCount?: unknown };
  return typeof eventCount === 'number' ? eventCount : 1;
}
