import type { NormalizedEventDocument } from '@sluice/contracts/event';
import type { Outcome } from '@sluice/protocol/candidate';
import type { JobResult } from '@sluice/protocol/settle-job';
import { DURATION_BUCKETS, type Metrics } from '@sluice/runtime/metrics';

/** What a worker counts. */
export type WorkerMetrics = {
  settled(outcomes: readonly Outcome[]): void;
  stored(documents: readonly NormalizedEventDocument[], nowMs: number): void;
  jobEnded(result: JobResult['kind']): void;
  held(heldMs: number): void;
  /** Shows from now on whether the worker holds. */
  showHold(isHolding: () => boolean): void;
};

/** Creates a worker's metrics in the process's registry. */
export function createWorkerMetrics(metrics: Metrics): WorkerMetrics {
  const outcomes = metrics.createCounter({
    name: 'outcomes_total',
    help: 'Attempts to settle an event, by outcome; duplicates by level.',
    labels: ['outcome'],
  });
  const dead = metrics.createCounter({
    name: 'dead_total',
    help: 'Events that died, by code.',
    labels: ['code'],
  });
  const jobs = metrics.createCounter({
    name: 'jobs_total',
    help: 'Jobs handed back to the queue, by what it was told.',
    labels: ['result'],
  });
  const heldSeconds = metrics.createCounter({
    name: 'held_seconds_total',
    help: 'Seconds spent in holds that are over, because a dependency was away or maintenance was on.',
  });
  const toStored = metrics.createHistogram({
    name: 'accepted_to_stored_seconds',
    help: 'Time from receiving an event to its record being stored.',
    buckets: DURATION_BUCKETS,
  });
  return {
    settled(settled) {
      for (const outcome of settled) {
        outcomes.inc({ outcome: outcome.kind === 'duplicate' ? `duplicate_${outcome.level}` : outcome.kind });
        if (outcome.kind === 'dead') dead.inc({ code: outcome.code });
      }
    },
    stored(documents, nowMs) {
      for (const { receivedAt } of documents) {
        toStored.observe(Math.max(0, nowMs - receivedAt.getTime()) / 1000);
      }
    },
    jobEnded: (result) => jobs.inc({ result }),
    held: (heldMs) => heldSeconds.inc(heldMs / 1000),
    showHold(isHolding) {
      metrics.createGauge({
        name: 'holding',
        help: '1 while the worker fetches nothing because a dependency is away or maintenance is on, else 0.',
        collect: (gauge) => gauge.set(isHolding() ? 1 : 0),
      });
    },
  };
}
