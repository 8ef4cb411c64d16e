/*
 * The copy of the API keys in Redis, with which keys are checked while MongoDB is away.
 *
 * Each key is a hash. Its record and its revocation are fields of their own, and nothing takes a revocation back: so
 * whoever copies what it read a moment ago cannot undo what somebody else revoked meanwhile.
 */
import { type KeyRecord, keyRecordSchema } from '@sluice/contracts/access';
import type { RedisHandle } from './connection.ts';
import { toDependencyAway, withinDeadline } from './redis-deadline.ts';
import { toKeyMirrorKey } from './redis-keys.ts';

/** The mirror of the keys. */
export type KeyMirror = {
  /**
   * Returns the copy of a key; null when there is none that can be read.
   *
   * @throws DependencyAwayError
   */
  read(id: string): Promise<KeyRecord | null>;
  /** Copies a key without waiting. When Redis does not take it, that is reported, and nothing else happens. */
  write(record: KeyRecord): void;
  /**
   * Copies keys and waits until Redis has them.
   *
   * @throws DependencyAwayError
   */
  writeAll(records: readonly KeyRecord[]): Promise<void>;
};

/** How long a copy stays that nobody renews, in ms: a week. */
const TTL_MS = 7 * 86_400_000;

/** Keys that one pipeline copies. */
const PORTION = 200;

/** Creates the mirror on a connection of role `producer`. */
export function createKeyMirror({
  redis,
  prefix,
  now,
}: {
  readonly redis: RedisHandle;
  readonly prefix: string;
  readonly now: () => number;
}): KeyMirror {
  const { client, commandTimeoutMs, reportError } = redis;

  async function read(id: string): Promise<KeyRecord | null> {
    const fields = await withinDeadline(
      client.hmget(toKeyMirrorKey(prefix, id), 'record', 'revokedAt'),
      commandTimeoutMs,
      'what a key is',
    );
    const [record, revokedAt] = fields;
    if (record === null || record === undefined) return null;
    const parsed = keyRecordSchema.safeParse(JSON.parse(record));
    if (!parsed.success) return null;
    return revokedAt === null || revokedAt === undefined
      ? parsed.data
      : { ...parsed.data, revokedAt: new Date(revokedAt) };
  }

  async function writeAll(records: readonly KeyRecord[]): Promise<void> {
    for (let from = 0; from < records.length; from += PORTION) {
      const copies = records.slice(from, from + PORTION).flatMap((record) => copy(record));
      await withinDeadline(Promise.all(copies), commandTimeoutMs, 'a copy of the keys');
    }
  }

  function copy(record: KeyRecord): Promise<unknown>[] {
    const { id, expiresAt, revokedAt } = record;
    const ttlMs = Math.min(TTL_MS, expiresAt === null ? TTL_MS : expiresAt.getTime() - now());
    if (ttlMs <= 0) return [];
    const key = toKeyMirrorKey(prefix, id);
    const fields = {
      record: JSON.stringify(record),
      ...(revokedAt === null ? {} : { revokedAt: revokedAt.toISOString() }),
    };
    return [client.hset(key, fields), client.pexpire(key, ttlMs)];
  }

  return {
    read,
    writeAll,
    write(record) {
      writeAll([record]).catch((error: unknown) => reportError(toDependencyAway(error) as Error));
    },
  };
}
