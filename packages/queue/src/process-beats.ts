/*
 * The heartbeat of one process, from its start to its end:
 *
 *  1. It has a connection of its own, so that it never waits behind events, nor they behind it.
 *  2. Once a second it looks at what the process says of itself. It writes that every five seconds, and at once when its
 *     state has changed: nobody waits five seconds to see that a worker holds.
 *  3. What Redis does not take is not tried again: the next beat tells the whole state.
 *  4. At the end it says goodbye, within a moment, and lets go.
 */
import type { ProcessBeat } from '@sluice/contracts/processes';
import { createRedis } from './connection.ts';
import { createProcessRegister } from './process-register.ts';
import type { QueueLogger } from './queue-logger.ts';

/** Who a process is: what stays the same while it lives. */
export type ProcessIdentity = Pick<ProcessBeat, 'instance' | 'app' | 'host' | 'pid' | 'version'>;

/** What a process says of itself now; what is left out does not concern it. */
export type ProcessNow = Partial<
  Pick<ProcessBeat, 'state' | 'since' | 'reason' | 'serves' | 'schemaVersions' | 'lastMinute'>
>;

/** The heartbeat of a process. */
export type ProcessBeats = {
  /** Says goodbye and lets go within a second, whatever Redis does. */
  stop(): Promise<void>;
};

export type ProcessBeatsOptions = {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly logger: QueueLogger;
  readonly identity: ProcessIdentity;
  /** What it does now; nothing but running when left out. */
  readonly read?: () => ProcessNow;
  /** Whether it is about to end. */
  readonly isClosing: () => boolean;
  readonly now: () => number;
  /** How often it looks, in ms; 1,000 by default. */
  readonly lookMs?: number;
};

const LOOK_MS = 1000;

/** How many looks lie between two writes while nothing changes. */
const LOOKS_PER_BEAT = 5;

const TIMEOUT_MS = 500;

/** Starts the heartbeat and returns at once; Redis may be away. */
export function startProcessBeats(options: ProcessBeatsOptions): ProcessBeats {
  const { redisUrl: url, prefix, logger, identity, now, lookMs = LOOK_MS } = options;
  const redis = createRedis({ url, role: 'producer', commandTimeoutMs: TIMEOUT_MS, logger });
  const register = createProcessRegister({ redis, prefix });
  const startedAt = new Date(now()).toISOString();
  let looks = 0;
  let told = '';

  function readBeat(): ProcessBeat {
    const { state = 'running', ...rest } = options.read?.() ?? {};
    return {
      ...identity,
      startedAt,
      ...{ since: null, reason: null, serves: [], schemaVersions: null, lastMinute: {} },
      ...rest,
      state: options.isClosing() ? 'draining' : state,
    };
  }

  function look(): void {
    // Whoever reads beats cannot either; the connection says so itself.
    if (redis.client.status !== 'ready') return;
    const beat = readBeat();
    const isDue = looks % LOOKS_PER_BEAT === 0;
    looks += 1;
    if (isDue || beat.state !== told) write(beat).catch(redis.reportError);
  }

  async function write(beat: ProcessBeat): Promise<void> {
    // Before it is written: a Redis that is away shall not be asked every second for the same news.
    told = beat.state;
    await register.beat(beat);
  }

  const timer = setInterval(look, lookMs);
  // Before the connection is there a beat is refused, so that the first one waits for it.
  redis.client.once('ready', look);

  return {
    async stop() {
      clearInterval(timer);
      redis.client.off('ready', look);
      if (redis.client.status === 'ready') {
        await write({ ...readBeat(), state: 'ended' }).catch(redis.reportError);
      }
      await redis.close(TIMEOUT_MS);
    },
  };
}
