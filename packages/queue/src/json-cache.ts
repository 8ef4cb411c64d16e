import type { JsonValue } from '@sluice/contracts/json';
import type { RedisHandle } from './connection.ts';

/** A small cache of JSON values; Redis being away is a miss, never an error. */
export type JsonCache = {
  /** Returns what was kept under `key`; undefined when there is nothing, or Redis does not say. */
  get(key: string): Promise<JsonValue | undefined>;
  /** Keeps a value for `ttlMs`, or until it is replaced when `ttlMs` is left out. */
  set(key: string, value: JsonValue, ttlMs?: number): Promise<void>;
};

/** Creates a cache whose keys begin with `<prefix>:cache:`, on a connection of role `producer`. */
export function createJsonCache(options: {
  readonly redis: RedisHandle;
  readonly prefix: string;
}): JsonCache {
  const { redis, prefix } = options;
  const { client, reportError } = redis;
  const toKey = (key: string) => `${prefix}:cache:${key}`;
  return {
    async get(key) {
      try {
        const text = await client.get(toKey(key));
        return text === null ? undefined : (JSON.parse(text) as JsonValue);
      } catch (error) {
        reportError(error as Error);
        return undefined;
      }
    },
    async set(key, value, ttlMs) {
      try {
        const text = JSON.stringify(value);
        if (ttlMs === undefined) await client.set(toKey(key), text);
        else await client.set(toKey(key), text, 'PX', Math.max(1, Math.round(ttlMs)));
      } catch (error) {
        reportError(error as Error);
      }
    },
  };
}
