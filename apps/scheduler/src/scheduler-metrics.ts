import type { Metrics } from '@sluice/runtime/metrics';
import type { PollResult } from './poll-run.ts';

/** What a scheduler counts. */
export type SchedulerMetrics = { polled(source: string, result: PollResult): void };

/** Creates a scheduler's metrics in the process's registry. */
export function createSchedulerMetrics(metrics: Metrics): SchedulerMetrics {
  const polls = metrics.createCounter({
    name: 'polls_total',
    help: 'Polls of a source, by what came of them.',
    labels: ['source', 'result'],
  });
  const records = metrics.createCounter({
    name: 'polled_records_total',
    help: 'Records read from a source, those that were known included.',
    labels: ['source'],
  });
  return {
    polled(source, result) {
      polls.inc({ source, result: result.kind });
      if (result.kind === 'polled') records.inc({ source }, result.records);
    },
  };
}
