/**
 * Since when a job waits. BullMQ keeps when a job was added, and forgets when a delayed one was due as soon as it is: a
 * retry would seem to have waited since its event came. So whoever delays a job notes with it when it is due again.
 *
 * A held job keeps its time: what is put back because a dependency is away has waited all along.
 */
import type { Redis, Result } from 'ioredis';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    noteDue(jobKey: string, dueMs: number): Result<number, Context>;
  }
}

/** The field of a job's hash in which it is noted, beside those of BullMQ. */
const DUE_FIELD = 'dueAt';

/** The fields of a job's hash that tell since when it waits, in the order of `toWaitingSinceMs`. */
export const WAITING_SINCE_FIELDS = ['timestamp', 'opts', DUE_FIELD] as const;

// A hash that held this field alone would keep a job of that id from ever being added again.
const NOTE_DUE = `if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], '${DUE_FIELD}', ARGV[1])
end
return 0`;

/** Returns a function that notes when the job with this key is due; nothing when there is none. */
export function defineNoteDue(client: Redis): (jobKey: string, dueMs: number) => Promise<unknown> {
  client.defineCommand('noteDue', { numberOfKeys: 1, lua: NOTE_DUE });
  return (jobKey, dueMs) => client.noteDue(jobKey, Math.round(dueMs));
}

/** Returns the field that notes it, for a script of BullMQ that writes fields too. */
export function toDueField(dueMs: number): Readonly<Record<string, string>> {
  return { [DUE_FIELD]: String(Math.round(dueMs)) };
}

/** Returns since when a waiting job has been due, in epoch ms; null when it is gone. */
export function toWaitingSinceMs([addedAt, opts, dueAt]: readonly unknown[]): number | null {
  if (typeof addedAt !== 'string') return null;
  const { delay = 0 } = JSON.parse(typeof opts === 'string' ? opts : '{}') as { readonly delay?: number };
  return Math.max(Number(addedAt) + delay, typeof dueAt === 'string' ? Number(dueAt) : 0);
}
