import { setTimeout as wait } from 'node:timers/promises';
import {
  type BackendFactory,
  createIORedisClient,
  QueueKeys,
  RedisConnection,
  RedisQueueBackend,
} from 'bullmq';
import type { Redis } from 'ioredis';
import { toDueField } from './due-time.ts';
import { readServerMs } from './server-time.ts';

/** The server version that BullMQ may rely on, and that Sluice asks for. */
const SERVER_VERSION = '7.2.0';

/** How long fetching rests after Redis refused it: BullMQ itself would ask again at once, without end. */
const REFUSED_REST_MS = 1000;

/** The length of BullMQ's event stream: nothing here reads it, and it costs memory. */
const EVENT_STREAM_LENGTH = 100;

/**
 * Creates the factory that gives BullMQ the connections of our own. BullMQ's own start-up waits for Redis and asks
 * for its version; a refusal at that moment would leave queue or worker broken for ever. Here nothing is waited
 * for, and whoever owns the connections can end them.
 */
export function createBackendFactory(connections: {
  readonly main: Redis;
  readonly blocking?: Redis;
}): BackendFactory<RedisQueueBackend> {
  return function createBackend(name, opts) {
    const prefix = 'prefix' in opts && typeof opts.prefix === 'string' ? opts.prefix : undefined;
    const keys = new QueueKeys(prefix);
    return new SteadyBackend(
      connections.main,
      new SteadyConnection(connections.main, false),
      name,
      keys.getKeys(name),
      (type) => keys.toKey(name, type),
      opts,
      connections.blocking === undefined ? undefined : new SteadyConnection(connections.blocking, true),
    );
  };
}

/** The options that every BullMQ queue of ours has; `connection` is only there because the type asks for it. */
export function toQueueOptions(client: Redis, prefix: string) {
  return { connection: createIORedisClient(client), prefix, skipMetasUpdate: true } as const;
}

/**
 * Writes a queue's settings whenever Redis becomes ready, for it may have lost them. BullMQ writes them once, at
 * the start; without them every script creates an event stream of 10,000 entries.
 */
export function keepQueueMeta(
  client: Redis,
  backend: Pick<RedisQueueBackend, 'setQueueMeta'>,
  reportError: (error: Error) => void,
): void {
  function write(): void {
    backend.setQueueMeta({ 'opts.maxLenEvents': EVENT_STREAM_LENGTH }).catch(reportError);
  }
  client.on('ready', write);
  if (client.status === 'ready') write();
}

class SteadyConnection extends RedisConnection {
  constructor(client: Redis, blocking: boolean) {
    super(client, { shared: true, blocking, skipVersionCheck: true, skipWaitingForReady: true });
    // Without its version check BullMQ takes the server for the oldest one, which blocks in whole seconds.
    this.client
      .then(() => {
        this.capabilities = { canDoubleTimeout: true, canBlockFor1Ms: true };
      })
      .catch((error: unknown) => this.emit('error', error));
  }

  override get redisVersion(): string {
    return SERVER_VERSION;
  }
}

class SteadyBackend extends RedisQueueBackend {
  readonly #redis: Redis;

  constructor(redis: Redis, ...args: ConstructorParameters<typeof RedisQueueBackend>) {
    super(...args);
    this.#redis = redis;
  }

  /**
   * Delays from now on by Redis' clock, and notes with a failed attempt's job when it is due again; without an attempt
   * that is up to whoever delays it.
   */
  override async moveToDelayed(...args: Parameters<RedisQueueBackend['moveToDelayed']>) {
    const [jobId, , delayMs, token, opts] = args;
    const nowMs = await readServerMs(this.#redis);
    if (opts?.skipAttempt === true) return super.moveToDelayed(jobId, nowMs, delayMs, token, opts);
    const fieldsToUpdate = { ...opts?.fieldsToUpdate, ...toDueField(nowMs + delayMs) };
    return super.moveToDelayed(jobId, nowMs, delayMs, token, { ...opts, fieldsToUpdate });
  }

  override async moveToActive(...args: Parameters<RedisQueueBackend['moveToActive']>) {
    try {
      return await super.moveToActive(...args);
    } catch (error) {
      const client = await this.client;
      if (client.status !== 'end') await wait(REFUSED_REST_MS, undefined, { ref: false });
      throw error;
    }
  }
}
