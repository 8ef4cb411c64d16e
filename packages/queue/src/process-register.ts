/*
 * The processes that are there, as they say themselves: one small write each, every few seconds.
 *
 * The register is in Redis. When MongoDB is away an operator wants to see which workers hold, and why; when Redis is
 * away nothing is fetched anyway, and everybody can tell. All times are those of Redis' own clock, so that the clocks of
 * hosts do not make a process look silent. Whoever beats also removes what has not been heard of for long: nobody has to
 * clean up.
 */
import { type ProcessBeat, processBeatSchema } from '@sluice/contracts/processes';
import type { Result } from 'ioredis';
import type { RedisHandle } from './connection.ts';
import { withinDeadline } from './redis-deadline.ts';
import { toProcessesKey } from './redis-keys.ts';

/** What a process said last, and how long ago that was. */
export type HeardProcess = {
  readonly beat: ProcessBeat;
  readonly seenAt: Date;
  readonly silentMs: number;
};

/** The register of processes; its calls reject with `DependencyAwayError`. */
export type ProcessRegister = {
  /** Notes what a process says of itself. */
  beat(beat: ProcessBeat): Promise<void>;
  /** Lists what was heard of within the last five minutes, in no order. */
  list(): Promise<readonly HeardProcess[]>;
};

declare module 'ioredis' {
  interface RedisCommander<Context> {
    beatProcess(
      seen: string,
      said: string,
      instance: string,
      beat: string,
      keepMs: number,
    ): Result<null, Context>;
    listProcesses(seen: string, said: string, keepMs: number): Result<[string, ...string[]], Context>;
  }
}

/** How long a process is remembered that says nothing any more, in ms. */
const KEEP_MS = 5 * 60_000;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

const BEAT = `${NOW}
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
for _, gone in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', now - ARGV[3], 'BYSCORE')) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])`;

const LIST = `${NOW}
local listed = { string.format('%.0f', now) }
local seen = redis.call('ZRANGE', KEYS[1], now - ARGV[1], '+inf', 'BYSCORE', 'WITHSCORES')
for index = 1, #seen, 2 do
  listed[#listed + 1] = seen[index + 1]
  listed[#listed + 1] = redis.call('HGET', KEYS[2], seen[index]) or ''
end
return listed`;

/** Creates the register on a connection of role `producer`; `keepMs` is five minutes by default. */
export function createProcessRegister(options: {
  readonly redis: RedisHandle;
  readonly prefix: string;
  readonly keepMs?: number;
}): ProcessRegister {
  const { redis, prefix, keepMs = KEEP_MS } = options;
  const { client, commandTimeoutMs } = redis;
  const seen = toProcessesKey(prefix, 'seen');
  const said = toProcessesKey(prefix, 'said');
  client.defineCommand('beatProcess', { lua: BEAT, numberOfKeys: 2 });
  client.defineCommand('listProcesses', { lua: LIST, numberOfKeys: 2 });

  return {
    async beat(beat) {
      const noting = client.beatProcess(seen, said, beat.instance, JSON.stringify(beat), keepMs);
      await withinDeadline(noting, commandTimeoutMs, 'the heartbeat');
    },
    async list() {
      const listing = client.listProcesses(seen, said, keepMs);
      const [now, ...listed] = await withinDeadline(listing, commandTimeoutMs, 'for the processes');
      const heard: HeardProcess[] = [];
      for (let index = 0; index < listed.length; index += 2) {
        const beat = parseBeat(listed[index + 1]);
        const seenMs = Number(listed[index]);
        // One of a newer version, whose words are not known here, is left out.
        if (beat !== null) {
          heard.push({ beat, seenAt: new Date(seenMs), silentMs: Math.max(0, Number(now) - seenMs) });
        }
      }
      return heard;
    },
  };
}

function parseBeat(text: string | undefined): ProcessBeat | null {
  return text === undefined || text === ''
    ? null
    : (processBeatSchema.safeParse(JSON.parse(text)).data ?? null);
}
