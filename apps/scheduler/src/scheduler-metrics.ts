import type { Metrics } from '@sluice/runtime/metrics';
import { createOperationMetrics, type OperationMetrics } from './operations/operation-metrics.ts';
import type { PollLags } from './poll-lags.ts';
import type { PollResult } from './poll-run.ts';

/** What a scheduler counts and measures. */
export type SchedulerMetrics = {
  polled(source: string, result: PollResult): void;
  /** Takes how far sources are behind from `lags` whenever the metrics are read. */
  watchLags(lags: PollLags): void;
  readonly operations: OperationMetrics;
};

/** Creates a scheduler's metrics in the process's registry. */
export function createSchedulerMetrics(metrics: Metrics): SchedulerMetrics {
  let watched: PollLags | undefined;
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
  const rejected = metrics.createCounter({
    name: 'poll_rejected_records_total',
    help: 'Records of a source that could not be taken, in each run that read them; up to 1,000 of a run are among the rejections.',
    labels: ['source'],
  });
  metrics.createGauge({
    name: 'poll_lag_seconds',
    help: 'Seconds since the last poll of a source began that read everything; the same in every scheduler.',
    labels: ['source'],
    async collect(gauge) {
      const lags = (await watched?.read()) ?? new Map();
      // A source that is no longer active shall not stand still here.
      gauge.reset();
      for (const [source, seconds] of lags) gauge.set({ source }, seconds);
    },
  });
  return {
    polled(source, result) {
      polls.inc({ source, result: result.kind });
      if (result.progress === undefined) return;
      records.inc({ source }, result.progress.records);
      rejected.inc({ source }, result.progress.rejected ?? 0);
    },
    watchLags(lags) {
      watched = lags;
    },
    operations: createOperationMetrics(metrics),
  };
}
