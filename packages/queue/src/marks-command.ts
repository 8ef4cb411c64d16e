import type { Redis, Result } from 'ioredis';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    setMarks(keyCount: number, args: readonly (string | number)[]): Result<null, Context>;
  }
}

const SET_MARKS = `for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[1]) end`;

/**
 * Returns a function that sets keys to values, all for `ttlSeconds`, in one command. One SET for each, pipelined,
 * takes ioredis four times the CPU, as much as all the rest of accepting an event.
 */
export function defineSetMarks(
  client: Redis,
): (keys: readonly string[], values: readonly string[], ttlSeconds: number) => Promise<unknown> {
  client.defineCommand('setMarks', { lua: SET_MARKS });
  return (keys, values, ttlSeconds) => client.setMarks(keys.length, [...keys, ttlSeconds, ...values]);
}
