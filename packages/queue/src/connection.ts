/**
 * A connection to Redis, from its creation to its end:
 *
 *  1. It is created without waiting: Redis may be away, also at the start.
 *  2. A `producer` never waits for a connection: its commands fail at once while there is none, and after
 *     `commandTimeoutMs` when Redis is silent. A `worker` and a `blocking` connection wait instead, because
 *     BullMQ expects their commands to survive an outage.
 *  3. A socket on which Redis owes an answer for too long (frozen, or its machine gone without a word) is
 *     destroyed, so that the connection heals without waiting for TCP to give up.
 *  4. It reconnects for ever, at most a second apart, and asks a Redis that is still loading its file as often; after a failover
 *     it leaves a server that became read-only.
 *  5. `close` says goodbye while Redis listens, and lets go within its deadline when it does not.
 */
import { Redis, type RedisOptions } from 'ioredis';
import { createErrorReporter, type QueueLogger, type ReportError } from './queue-logger.ts';
import { withinDeadline } from './redis-deadline.ts';

/** What a connection is used for; see the top of this file. */
export type RedisRole = 'producer' | 'worker' | 'blocking';

export type CreateRedisOptions = {
  /** `redis://` or `rediss://`, with user, password and database number as needed. */
  readonly url: string;
  readonly role: RedisRole;
  /** How long a command of a producer may take; 1,000 by default, ignored for other roles. */
  readonly commandTimeoutMs?: number;
  readonly logger: QueueLogger;
  /** Shown by `CLIENT LIST`; Bull Board finds workers by it. */
  readonly connectionName?: string;
};

/** A connection that its creator owns and closes. */
export type RedisHandle = {
  readonly client: Redis;
  readonly commandTimeoutMs: number;
  /** Reports an error of this connection, or of what uses it, at most once per message and 10 s. */
  readonly reportError: ReportError;
  /** Resolves when Redis answers. @throws DependencyAwayError */
  ping(): Promise<void>;
  /** Ends the connection within `deadlineMs` (1,000 by default), whatever Redis does. */
  close(deadlineMs?: number): Promise<void>;
};

/** Options that leave replies as they always were, which BullMQ expects. */
type LegacyOptions = Omit<RedisOptions, 'replyMapping'>;

const RECONNECT_MAX_MS = 1000;

/** How long a socket may owe an answer. A blocking read lasts up to 10 s by itself. */
const SILENCE_MS = { producer: 5000, worker: 15_000, blocking: 20_000 } as const satisfies Record<
  RedisRole,
  number
>;

/** Creates a connection to Redis and returns at once, whether Redis is there or not. */
export function createRedis(options: CreateRedisOptions): RedisHandle {
  const { url, role, commandTimeoutMs = 1000, logger, connectionName } = options;
  const redisOptions: LegacyOptions = {
    ...toRoleOptions(role, commandTimeoutMs),
    socketTimeout: SILENCE_MS[role],
    keepAlive: 10_000,
    // ioredis arms this timer for sockets that are gone already, and the process would wait for it to end.
    disconnectTimeout: 100,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MAX_MS),
    // How long loading takes is what Redis guesses at its beginning; ioredis believes it, up to 10 s.
    maxLoadingRetryTime: RECONNECT_MAX_MS,
    connectionName,
  };
  const client = new Redis(url, redisOptions);
  const reportError = createErrorReporter(logger, { role });
  client.on('error', reportError);

  let closing: Promise<void> | undefined;

  async function ping(): Promise<void> {
    await withinDeadline(client.ping(), commandTimeoutMs, 'a ping');
  }

  async function closeOnce(deadlineMs: number): Promise<void> {
    if (client.status === 'ready') {
      try {
        await withinDeadline(client.quit(), deadlineMs, 'the goodbye');
      } catch (error) {
        reportError(error as Error);
      }
    }
    endConnection(client);
  }

  return {
    client,
    commandTimeoutMs,
    reportError,
    ping,
    close(deadlineMs = 1000) {
      closing ??= closeOnce(deadlineMs);
      return closing;
    },
  };
}

/** Ends a connection at once; what waits for an answer on it is rejected. */
export function endConnection(client: Redis): void {
  if (client.status === 'end') return;
  // While it waits for its next attempt, ioredis would drop that attempt, never emit `end` and never reject
  // what is queued, and BullMQ waits for both: so it must be connecting when it is told to stop.
  if (client.status === 'reconnecting') client.connect().catch(() => undefined);
  client.disconnect();
  // `disconnect` only half-closes: a frozen server would keep the socket, and this process, for 2 s more.
  client.stream?.destroy();
}

function toRoleOptions(role: RedisRole, commandTimeoutMs: number): LegacyOptions {
  if (role === 'producer') {
    return {
      commandTimeout: commandTimeoutMs,
      connectTimeout: 2000,
      enableOfflineQueue: false,
      // Nothing is sent twice behind the caller's back: it has its answer, and took another way.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      reconnectOnError: (error) => (isReadOnly(error) ? 1 : false),
    };
  }
  return {
    connectTimeout: 5000,
    maxRetriesPerRequest: null,
    reconnectOnError: (error) => (isReadOnly(error) ? 2 : false),
  };
}

function isReadOnly(error: Error): boolean {
  return error.message.startsWith('READONLY');
}
