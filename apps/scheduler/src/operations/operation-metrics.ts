import type { OperationKind, ReplayProgress } from '@sluice/contracts/operations';
import type { Metrics } from '@sluice/runtime/metrics';

/** What a scheduler counts of the operations that it runs. */
export type OperationMetrics = {
  /** Counts what a replay has come further from one count of its events to the next. */
  progressed(from: ReplayProgress, to: ReplayProgress): void;
  /** Counts events that a discard has marked. */
  discarded(count: number): void;
};

const COUNTED = {
  enqueued: 'enqueued',
  succeeded: 'succeeded',
  duplicate: 'duplicate',
  failedAgain: 'failed_again',
} as const satisfies Partial<Record<keyof ReplayProgress, string>>;

/** Creates the metrics of operations in the process's registry. */
export function createOperationMetrics(metrics: Metrics): OperationMetrics {
  const kind: OperationKind = 'replay';
  const discards = { kind: 'discard' satisfies OperationKind, result: 'discarded' };
  const events = metrics.createCounter({
    name: 'operation_events_total',
    help: 'Events that operations put into the queue or discarded, and what came of them, by kind of operation.',
    labels: ['kind', 'result'],
  });
  // A counter that does not begin at 0 hides its first increase.
  for (const result of Object.values(COUNTED)) events.inc({ kind, result }, 0);
  events.inc(discards, 0);
  return {
    progressed(from, to) {
      for (const [name, result] of Object.entries(COUNTED)) {
        const count = to[name as keyof typeof COUNTED] - from[name as keyof typeof COUNTED];
        if (count > 0) events.inc({ kind, result }, count);
      }
    },
    discarded(count) {
      events.inc(discards, count);
    },
  };
}
