import type { Redis, Result } from 'ioredis';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    setMarks(keyCount: number, args: readonly (string | number)[]): Result<null, Context>;
    forgetMarks(keyCount: number, args: readonly (string | number)[]): Result<null, Context>;
  }
}

/** Stands where a mark was: for a moment none is written there. It is read as no mark. */
const FORGOTTEN = '-';

const SET_MARKS = `for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[1], 'NX') end`;

/** Redis takes no new value while its memory is full, but lets go of what there is. */
const FORGET_MARKS = `for i = 1, #KEYS do
  if redis.pcall('SET', KEYS[i], ARGV[1], 'EX', ARGV[2])['err'] then redis.call('DEL', KEYS[i]) end
end`;

export type MarkCommands = {
  /** Sets keys to values, all for `ttlSeconds`, but none that is there. */
  set(keys: readonly string[], values: readonly string[], ttlSeconds: number): Promise<unknown>;
  /** Makes marks be none, and for `ttlSeconds` keeps others from setting them. */
  forget(keys: readonly string[], ttlSeconds: number): Promise<unknown>;
};

/**
 * Returns what is done with marks, each in one command. One SET for each, pipelined, takes ioredis four times the CPU,
 * as much as all the rest of accepting an event.
 */
export function defineMarkCommands(client: Redis): MarkCommands {
  client.defineCommand('setMarks', { lua: SET_MARKS });
  client.defineCommand('forgetMarks', { lua: FORGET_MARKS });
  return {
    set: (keys, values, ttlSeconds) => client.setMarks(keys.length, [...keys, ttlSeconds, ...values]),
    forget: (keys, ttlSeconds) => client.forgetMarks(keys.length, [...keys, FORGOTTEN, ttlSeconds]),
  };
}
