import { DURATION_BUCKETS, type Metrics } from '@sluice/runtime/metrics';
import type { AppliedBulk } from './apply-loop.ts';
import type { ReadFrom } from './changes/open-changes.ts';

/** What a replicator measures. */
export type ReplicatorMetrics = {
  applied(bulk: AppliedBulk): void;
  dead(): void;
  /** Takes where changes are read from now on. */
  reads(from: ReadFrom): void;
  /** Takes the state from `read` whenever the metrics are read. */
  watchState(read: () => MeasuredState): void;
};

/** `lagSeconds` is null while it is unknown. */
export type MeasuredState = {
  readonly isActive: boolean;
  readonly lagSeconds: number | null;
  readonly pending: number;
};

/** Creates a replicator's metrics in the process's registry. */
export function createReplicatorMetrics(metrics: Metrics): ReplicatorMetrics {
  let read: () => MeasuredState = () => ({ isActive: false, lagSeconds: null, pending: 0 });
  const operations = metrics.createCounter({
    name: 'sync_operations_total',
    help: 'Changes and documents that this process copied, or that the backup refused.',
    labels: ['result'],
  });
  const conflicts = metrics.createCounter({
    name: 'sync_conflicts_total',
    help: 'New documents that stood on the backup already with other content.',
  });
  const dead = metrics.createCounter({
    name: 'sync_dead_total',
    help: 'Documents that the backup refused for good.',
  });
  const durations = metrics.createHistogram({
    name: 'sync_bulk_seconds',
    help: 'How long the backup took for a bulk.',
    buckets: DURATION_BUCKETS,
  });
  const readsOplog = metrics.createGauge({
    name: 'sync_reads_oplog',
    help: '1 in a replicator that read changes from the oplog last, 0 in one that read a change stream, or none.',
  });
  metrics.createGauge({
    name: 'sync_active',
    help: '1 in the replicator that copies, 0 in those that wait.',
    collect: (gauge) => gauge.set(read().isActive ? 1 : 0),
  });
  metrics.createGauge({
    name: 'sync_pending',
    help: 'Changes that were read and are not on the backup yet.',
    collect: (gauge) => gauge.set(read().pending),
  });
  metrics.createGauge({
    name: 'sync_lag_seconds',
    help: 'How old the oldest change is that is not on the backup; NaN while that is unknown, and where none copies.',
    collect: (gauge) => gauge.set(read().lagSeconds ?? Number.NaN),
  });

  return {
    applied({ writes, refused, conflicts: met, durationMs }) {
      const all = writes.reduce((sum, { changes }) => sum + changes, 0);
      const failed = refused.reduce((sum, { changes }) => sum + changes, 0);
      operations.inc({ result: 'copied' }, all - failed);
      operations.inc({ result: 'refused' }, failed);
      conflicts.inc(met);
      if (writes.length > 0) durations.observe(durationMs / 1000);
    },
    dead: () => dead.inc(),
    reads: ({ source }) => readsOplog.set(source === 'oplog' ? 1 : 0),
    watchState(next) {
      read = next;
    },
  };
}
