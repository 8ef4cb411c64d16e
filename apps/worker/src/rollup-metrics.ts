import type { Metrics } from '@sluice/runtime/metrics';
import type { Folded } from '@sluice/store/rollups';

/** Creates what a worker tells of keeping the rollups. */
export function createRollupMetrics(metrics: Metrics): { folded(folded: Folded): void } {
  const changes = metrics.createCounter({
    name: 'rollup_changes_total',
    help: 'Changes folded into the rollups; a bulk makes one.',
  });
  const lag = metrics.createGauge({
    name: 'rollup_lag_seconds',
    help: 'How old the oldest change was that was folded last; 0 while nothing is to be folded.',
  });
  return {
    folded(folded) {
      changes.inc(folded.changes);
      lag.set(folded.lagMs / 1000);
    },
  };
}
