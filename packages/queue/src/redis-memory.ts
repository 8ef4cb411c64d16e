import type { RedisHandle } from './connection.ts';
import { withinDeadline } from './redis-deadline.ts';

/** How full Redis is. */
export type RedisMemory = {
  /** Used share of `maxmemory`, or of the machine's memory when Redis has no limit; 0 when neither is known. */
  readonly usedShare: number;
  /** Whether Redis would drop keys, and with them accepted events, when it is full. */
  readonly evicts: boolean;
  readonly usedBytes: number;
  /** `maxmemory`, or the machine's memory when Redis has no limit; null when neither is known. */
  readonly limitBytes: number | null;
};

/**
 * Creates a function that reads how full Redis is, at most once in `maxAgeMs` (1,000 by default), however many ask.
 * It rejects with `DependencyAwayError` when Redis is away or silent.
 */
export function createMemoryReader(options: {
  readonly redis: RedisHandle;
  readonly maxAgeMs?: number;
}): () => Promise<RedisMemory> {
  const { redis, maxAgeMs = 1000 } = options;
  let latest: { readonly at: number; readonly reading: Promise<RedisMemory> } | undefined;

  async function read(): Promise<RedisMemory> {
    return parseMemory(
      await withinDeadline(redis.client.info('memory'), redis.commandTimeoutMs, 'for its memory'),
    );
  }

  return function readMemory() {
    const now = performance.now();
    if (latest === undefined || now - latest.at >= maxAgeMs) latest = { at: now, reading: read() };
    return latest.reading;
  };
}

/** Parses the answer of `INFO memory`. */
export function parseMemory(info: string): RedisMemory {
  const fields = new Map(
    info.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    }),
  );
  const used = Number(fields.get('used_memory') ?? 0);
  const limit = Number(fields.get('maxmemory') ?? 0) || Number(fields.get('total_system_memory') ?? 0);
  return {
    usedShare: limit > 0 ? used / limit : 0,
    evicts: (fields.get('maxmemory_policy') ?? 'noeviction') !== 'noeviction',
    usedBytes: used,
    limitBytes: limit > 0 ? limit : null,
  };
}
