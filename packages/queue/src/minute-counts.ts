import { NO_QUEUE_WORK, type QueueWork } from '@sluice/contracts/processes';

/** What happened within the last minute, counted in memory. */
export type MinuteCounts = {
  add(counts: Partial<QueueWork>): void;
  /** Sums up the last 60 seconds. */
  read(): QueueWork;
};

/** A minute is counted in so many parts; the oldest is dropped as a whole. */
const PARTS = 12;
const PART_MS = 5000;

/** Creates counts of nothing; adding costs a few additions, whatever happens how often. */
export function createMinuteCounts(now: () => number): MinuteCounts {
  const parts = new Map<number, { -readonly [Name in keyof QueueWork]: number }>();

  function drop(current: number): void {
    for (const part of parts.keys()) if (part <= current - PARTS) parts.delete(part);
  }

  return {
    add(counts) {
      const current = Math.floor(now() / PART_MS);
      let part = parts.get(current);
      if (part === undefined) {
        drop(current);
        part = { ...NO_QUEUE_WORK };
        parts.set(current, part);
      }
      for (const name of NAMES) part[name] += counts[name] ?? 0;
    },
    read() {
      drop(Math.floor(now() / PART_MS));
      const sum = { ...NO_QUEUE_WORK } as { -readonly [Name in keyof QueueWork]: number };
      for (const part of parts.values()) for (const name of NAMES) sum[name] += part[name];
      return sum;
    },
  };
}

const NAMES = Object.keys(NO_QUEUE_WORK) as (keyof QueueWork)[];
