import { once } from 'node:events';
import { QUEUES } from '@sluice/contracts/queues';
import { createRedis, type RedisHandle } from '@sluice/queue/connection';
import { withinDeadline } from '@sluice/queue/redis-deadline';
import { maskUrlPasswords } from '@sluice/runtime/mask';
import type { StoreAddress } from '../store-address.ts';
import { type Check, type Finding, fail, ok, runCheck, warn } from './check.ts';
import { judgeClock } from './clock.ts';

const REACH_MS = 3000;
const OLDEST_VERSION = 6.2;
const FULL_SHARE = 0.7;

type Info = ReadonlyMap<string, string>;

/** Checks a Redis; without it, only that it cannot be reached. */
export async function checkRedis({ url, from }: StoreAddress, prefix: string): Promise<readonly Check[]> {
  const reasons: string[] = [];
  const logger = {
    warn: (fields: Readonly<Record<string, unknown>>) => void reasons.push(`${fields['reason']}`),
  };
  const redis = createRedis({ url, role: 'producer', commandTimeoutMs: REACH_MS, logger });
  try {
    const reached = await runCheck(
      'redis',
      'Start Redis or Valkey, or set REDIS_URL to its address; npm start prints it.',
      async () => {
        await waitForReady(redis, reasons);
        await redis.ping();
        return ok(`${maskUrlPasswords(url)} answers${from}.`);
      },
    );
    if (reached.status !== 'ok') return [reached];
    const info = parseInfo(await withinDeadline(redis.client.info(), REACH_MS, 'for its state'));
    const mendInfo = 'Allow the user of REDIS_URL the commands INFO, TIME and CLIENT LIST.';
    return [
      reached,
      { name: 'redis version', ...judgeVersion(info) },
      await runCheck('redis persistence', mendInfo, () => judgePersistence(redis, info)),
      { name: 'redis eviction', ...judgeEviction(info) },
      { name: 'redis memory', ...judgeMemory(info) },
      await runCheck('redis clock', mendInfo, () => readClock(redis)),
      await runCheck('workers', mendInfo, () => countWorkers(redis, prefix)),
    ];
  } finally {
    await redis.close();
  }
}

async function waitForReady({ client }: RedisHandle, reasons: readonly string[]): Promise<void> {
  if (client.status === 'ready') return;
  try {
    await once(client, 'ready', { signal: AbortSignal.timeout(REACH_MS) });
  } catch (cause) {
    throw new Error(`Redis cannot be reached (${reasons.at(-1) ?? 'no answer'}).`, { cause });
  }
}

function judgeVersion(info: Info): Finding {
  const valkey = info.get('valkey_version');
  const version = valkey ?? info.get('redis_version') ?? '';
  const name = `${valkey === undefined ? 'Redis' : 'Valkey'} ${version}`;
  if (Number.parseFloat(version) >= OLDEST_VERSION) return ok(`${name}.`);
  return fail(`${name} is too old.`, `Install Redis ${OLDEST_VERSION} or newer, or Valkey.`);
}

/** A managed Redis may refuse CONFIG; then what INFO tells has to do. */
async function judgePersistence(redis: RedisHandle, info: Info): Promise<Finding> {
  if (info.get('aof_enabled') !== '1') {
    return fail(
      'Redis keeps no append-only file (appendonly no): accepted events are lost when it restarts.',
      'Set appendonly yes and appendfsync always in redis.conf, or by CONFIG SET and CONFIG REWRITE.',
    );
  }
  if (info.get('aof_last_write_status') === 'err') {
    return fail('Redis could not write its append-only file.', 'Look at its disk: full, or read-only?');
  }
  const fsync = await readConfig(redis, 'appendfsync');
  if (fsync === 'always') return ok('The append-only file is written with appendfsync always.');
  const mend = 'Set appendfsync always, so that a 2xx means kept.';
  if (fsync === 'no') return fail('appendfsync is no: a power cut may take half a minute of events.', mend);
  if (fsync === 'everysec')
    return warn('appendfsync is everysec: a power cut may take a second of events.', mend);
  return warn('There is an append-only file, but appendfsync cannot be read (CONFIG is refused).', mend);
}

function judgeEviction(info: Info): Finding {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return ok('maxmemory-policy is noeviction.');
  return fail(
    `maxmemory-policy is ${policy}: when its memory is full, Redis drops accepted events.`,
    'Set maxmemory-policy noeviction; ingest goes over to the inbox before Redis is full.',
  );
}

function judgeMemory(info: Info): Finding {
  const used = Number(info.get('used_memory') ?? 0);
  const limit = Number(info.get('maxmemory') ?? 0);
  const most = limit || Number(info.get('total_system_memory') ?? 0);
  const ofWhat = limit > 0 ? 'of maxmemory' : "of the machine's memory, because no maxmemory is set";
  const share = most > 0 ? used / most : 0;
  const detail = `Redis uses ${formatBytes(used)}, ${Math.round(share * 100)} % ${ofWhat}.`;
  if (share < FULL_SHARE) return ok(detail);
  return warn(detail, 'Give Redis more memory, or add workers: above 70 % ingest goes over to the inbox.');
}

async function readClock(redis: RedisHandle): Promise<Finding> {
  const askedAt = Date.now();
  const [seconds, micros] = await withinDeadline(redis.client.time(), REACH_MS, 'for its time');
  return judgeClock('Redis', Number(seconds) * 1000 + Number(micros) / 1000, {
    askedAt,
    answeredAt: Date.now(),
  });
}

/** BullMQ names the connections on which workers wait. */
async function countWorkers(redis: RedisHandle, prefix: string): Promise<Finding> {
  const list = `${await withinDeadline(redis.client.client('LIST'), REACH_MS, 'for its clients')}`;
  const name = ` name=${prefix}:${Buffer.from(QUEUES.events).toString('base64')}`;
  const count = list
    .split('\n')
    .filter((line) => line.includes(`${name}:`) || line.includes(`${name} `)).length;
  if (count > 0) return ok(`${count} ${count === 1 ? 'worker waits' : 'workers wait'} for events.`);
  return fail(
    'No worker is connected to Redis: events are kept, but not processed.',
    'Start one, with the REDIS_URL and the QUEUE_PREFIX that ingest has.',
  );
}

async function readConfig(redis: RedisHandle, name: string): Promise<string | undefined> {
  const reply: unknown = await withinDeadline(
    redis.client.call('CONFIG', 'GET', name).catch(() => undefined),
    REACH_MS,
    'for its settings',
  );
  return Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined;
}

function parseInfo(text: string): Info {
  return new Map(
    text.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    }),
  );
}

function formatBytes(bytes: number): string {
  return bytes < 1024 ** 3
    ? `${(bytes / 1024 ** 2).toFixed(1)} MiB`
    : `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
