/*
 * Maintenance: while it is on, ingest accepts as ever, and workers hold what waits. It is a key in Redis, because
 * MongoDB may be what is being maintained.
 */
import type { Redis } from 'ioredis';
import type { RedisHandle } from './connection.ts';
import { withinDeadline } from './redis-deadline.ts';
import { toMaintenanceKey } from './redis-keys.ts';

/** Turns maintenance on and off; a second time changes nothing. */
export type MaintenanceSwitch = {
  /**
   * Returns since when it is on; null when it is off.
   *
   * @throws DependencyAwayError
   */
  set(on: boolean): Promise<Date | null>;
};

/** Creates the switch on a connection of role `producer`. */
export function createMaintenanceSwitch(options: {
  readonly redis: RedisHandle;
  readonly prefix: string;
  readonly now: () => number;
}): MaintenanceSwitch {
  const { redis, prefix, now } = options;
  const { client, commandTimeoutMs } = redis;
  const key = toMaintenanceKey(prefix);
  return {
    async set(on) {
      const change: Promise<unknown> = on
        ? client.set(key, new Date(now()).toISOString(), 'NX')
        : client.del(key);
      await withinDeadline(change, commandTimeoutMs, 'the maintenance switch');
      return on ? readMaintenance(client, prefix, commandTimeoutMs) : null;
    },
  };
}

/**
 * Reads since when maintenance is on; null when it is off.
 *
 * @throws DependencyAwayError
 */
export async function readMaintenance(
  client: Redis,
  prefix: string,
  deadlineMs: number,
): Promise<Date | null> {
  const since = await withinDeadline(
    client.get(toMaintenanceKey(prefix)),
    deadlineMs,
    'whether maintenance is on',
  );
  return since === null ? null : new Date(since);
}
