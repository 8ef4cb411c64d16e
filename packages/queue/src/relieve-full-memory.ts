import type { Redis } from 'ioredis';

/**
 * The scripts of BullMQ by which a worker takes jobs out of the queue, keeps them while it works and puts them back. None
 * adds a job; what they write besides (a lock, a line in a stream of bounded length) is small, and goes with the job.
 */
const RELIEVING: ReadonlySet<string> = new Set([
  'extendLock',
  'extendLocks',
  'moveJobFromActiveToWait',
  'moveStalledJobsToWait',
  'moveToActive',
  'moveToDelayed',
  'moveToFinished',
  'releaseLock',
  'retryJob',
  'saveStacktrace',
  'updateData',
]);

/**
 * A script that declares flags loses what scripts without them may do: across the slots of a cluster, which Redis
 * refuses to all others.
 */
const FLAGS = '#!lua flags=allow-oom,allow-cross-slot-keys\n';

/**
 * Lets the scripts of BullMQ that free memory run on this connection although Redis is over its `maxmemory`: it refuses
 * every script that may write then, so that a full queue would stay full for ever. To be called before BullMQ gets the
 * connection. Redis 7.0, or Valkey, at least.
 */
export function relieveFullMemory(client: Redis): void {
  const define = client.defineCommand.bind(client);
  client.defineCommand = (name, definition) => {
    // BullMQ appends its version: `moveToActive:6.7.0`.
    const isRelieving = RELIEVING.has(name.split(':')[0] ?? '');
    define(name, isRelieving ? { ...definition, lua: `${FLAGS}${definition.lua}` } : definition);
  };
}
