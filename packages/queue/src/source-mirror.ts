/*
 * A copy of the declared sources, for whoever starts while MongoDB is away. It is written only over the version that
 * the writer has seen: whoever looked at the copy first and read MongoDB after it cannot hold anything older, and
 * whoever did not is refused. It has a connection of its own, so that it never waits behind events, nor they behind it.
 */
import { once } from 'node:events';
import type { JsonValue } from '@sluice/contracts/json';
import type { Redis, Result } from 'ioredis';
import { createRedis } from './connection.ts';
import type { QueueLogger } from './queue-logger.ts';
import { withinDeadline } from './redis-deadline.ts';
import { toSourcesKey } from './redis-keys.ts';

/** Which copy there is, and when MongoDB was last known to say the same. */
export type MirrorHead = { readonly version: string; readonly readAt: Date };

/** A copy of the declared sources. */
export type SourceCopy = MirrorHead & { readonly content: JsonValue };

/** The copy in Redis; every promise settles within the deadline and rejects with `DependencyAwayError` otherwise. */
export type SourceMirror = {
  /** Tells which copy there is; null when there is none. */
  readHead(): Promise<MirrorHead | null>;
  /** Returns the copy; null when there is none. Waits for the connection, which may only be coming up. */
  read(): Promise<SourceCopy | null>;
  /** Writes a copy if the one there still has the version `over` (null: there is none), and tells whether it did. */
  replace(copy: SourceCopy, over: string | null): Promise<boolean>;
  /** Notes that MongoDB still says the same, and tells whether the copy there is that one. */
  confirm(head: MirrorHead): Promise<boolean>;
  /** Lets go within a second, whatever Redis does. */
  close(): Promise<void>;
};

declare module 'ioredis' {
  interface RedisCommander<Context> {
    setFieldsOver(key: string, over: string, ...pairs: readonly string[]): Result<number, Context>;
  }
}

const SET_FIELDS_OVER = `
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1`;

/** Creates the mirror on a connection of its own and returns at once; `deadlineMs` is 500 by default. */
export function createSourceMirror(options: {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly deadlineMs?: number;
  readonly logger: QueueLogger;
}): SourceMirror {
  const { redisUrl, prefix, deadlineMs = 500, logger } = options;
  const redis = createRedis({ url: redisUrl, role: 'producer', commandTimeoutMs: deadlineMs, logger });
  const { client } = redis;
  const key = toSourcesKey(prefix);
  client.defineCommand('setFieldsOver', { lua: SET_FIELDS_OVER, numberOfKeys: 1 });

  async function setFields(over: string | null, ...pairs: readonly string[]): Promise<boolean> {
    const setting = client.setFieldsOver(key, over ?? '', ...pairs);
    return (await withinDeadline(setting, deadlineMs, 'for the copy of the sources')) === 1;
  }

  async function readFields(...fields: readonly string[]): Promise<readonly (string | null)[]> {
    return withinDeadline(client.hmget(key, ...fields), deadlineMs, 'for the copied sources');
  }

  return {
    async readHead() {
      const [version, readAt] = await readFields('version', 'readAt');
      return toHead(version, readAt);
    },
    async read() {
      await withinDeadline(untilReady(client, deadlineMs), deadlineMs, 'at all');
      const [version, readAt, content] = await readFields('version', 'readAt', 'content');
      const head = toHead(version, readAt);
      return head === null ? null : { ...head, content: JSON.parse(content ?? 'null') as JsonValue };
    },
    replace: ({ version, readAt, content }, over) =>
      setFields(
        over,
        ...['version', version],
        ...['readAt', readAt.toISOString()],
        ...['content', JSON.stringify(content)],
      ),
    confirm: ({ version, readAt }) => setFields(version, 'readAt', readAt.toISOString()),
    close: () => redis.close(),
  };
}

function toHead(version: string | null | undefined, readAt: string | null | undefined): MirrorHead | null {
  return version && readAt ? { version, readAt: new Date(readAt) } : null;
}

async function untilReady(client: Redis, deadlineMs: number): Promise<void> {
  if (client.status === 'ready') return;
  await once(client, 'ready', { signal: AbortSignal.timeout(deadlineMs) });
}
