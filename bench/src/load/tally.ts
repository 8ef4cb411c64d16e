import { createLatencies } from './latencies.ts';
import type { LoadResult, LoadSpec } from './load-spec.ts';

/** Counts what a load brings, apart for the warming up and what comes after it. */
export type Tally = {
  /** Ends the warming up. */
  readonly beginMeasuring: (nowMs: number) => void;
  readonly sent: (lateMs?: number) => void;
  readonly answered: (status: number, latencyMs: number) => void;
  readonly readSent: () => number;
  readonly readAccepted: () => number;
  readonly toResult: (nowMs: number) => LoadResult;
};

/** Creates an empty tally; latencies count from `beginMeasuring` on. */
export function createTally({ status: wanted, perSecond }: Pick<LoadSpec, 'status' | 'perSecond'>): Tally {
  let latencies = createLatencies();
  let lateness = createLatencies();
  let measuredFromMs = performance.now();
  let acceptedBefore = 0;
  let sent = 0;
  let accepted = 0;
  let refused = 0;
  return {
    beginMeasuring(nowMs) {
      latencies = createLatencies();
      lateness = createLatencies();
      measuredFromMs = nowMs;
      acceptedBefore = accepted;
    },
    sent(lateMs) {
      sent += 1;
      if (lateMs !== undefined) lateness.add(lateMs);
    },
    answered(status, latencyMs) {
      latencies.add(latencyMs);
      if (status === wanted) accepted += 1;
      else refused += 1;
    },
    readSent: () => sent,
    readAccepted: () => accepted,
    toResult: (nowMs) => ({
      sent,
      accepted,
      refused,
      measured: {
        accepted: accepted - acceptedBefore,
        seconds: (nowMs - measuredFromMs) / 1000,
        latency: latencies.read(),
        lateness: perSecond === null ? null : lateness.read(),
      },
    }),
  };
}
