/*
 * The list of vital signs behind a cache that all replicas share.
 *
 * An answer carries the time at which its reading began, and is good for a second from then on, whatever Redis does
 * with it: one that Redis was told late, or forgets late, is told by its time. Who asks while an equal question is on
 * its way to MongoDB, for less than a quarter of a second, waits for that one.
 */
import { type VitalQuery, type Vitals, vitalsSchema } from '@sluice/contracts/api';
import type { JsonValue } from '@sluice/contracts/json';
import type { JsonCache } from '@sluice/queue/json-cache';
import type { VitalsReader } from '@sluice/store/vitals';
import { z } from 'zod';

export type VitalListOptions = {
  readonly vitals: VitalsReader;
  readonly cache: JsonCache;
  /** Epoch milliseconds; the clocks of replicas may differ by as much as answers may be older for it. */
  readonly now: () => number;
};

const MAX_AGE_MS = 1000;
const JOIN_MS = 250;

const keptSchema = z.object({ at: z.number(), answer: vitalsSchema });

/** Creates the list; Redis being away makes it slower, never wrong. It throws DependencyAwayError. */
export function createVitalList({ vitals, cache, now }: VitalListOptions): VitalsReader['list'] {
  const readings = new Map<string, { readonly at: number; readonly answer: Promise<Vitals> }>();

  return async function list(tenant, query) {
    const key = toKey(tenant, query);
    const kept = keptSchema.safeParse(await cache.get(key));
    if (kept.success && isFresh(kept.data.at, MAX_AGE_MS)) return kept.data.answer;
    const reading = readings.get(key);
    if (reading !== undefined && isFresh(reading.at, JOIN_MS)) return reading.answer;
    return read(key, tenant, query);
  };

  function isFresh(at: number, maxAgeMs: number): boolean {
    const age = now() - at;
    return age >= 0 && age < maxAgeMs;
  }

  async function read(key: string, tenant: string, query: VitalQuery): Promise<Vitals> {
    const at = now();
    const reading = { at, answer: vitals.list(tenant, query) };
    readings.set(key, reading);
    try {
      const answer = await reading.answer;
      const restMs = at + MAX_AGE_MS - now();
      // Not awaited: a cache that is slow must not slow the answer down. It never rejects.
      if (restMs > 0) void cache.set(key, { at, answer } as JsonValue, restMs);
      return answer;
    } finally {
      if (readings.get(key) === reading) readings.delete(key);
    }
  }
}

function toKey(tenant: string, { count, offset, sortBy, orderBy }: VitalQuery): string {
  return `vital-data:${tenant}:${count}:${offset}:${sortBy}:${orderBy}`;
}
