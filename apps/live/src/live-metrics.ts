import type { Metrics } from '@sluice/runtime/metrics';

/** What live counts. */
export type LiveMetrics = {
  opened(): void;
  closed(): void;
  sent(): void;
  dropped(): void;
  reset(): void;
};

/** Creates live's metrics in the process's registry. */
export function createLiveMetrics(metrics: Metrics): LiveMetrics {
  const clients = metrics.createGauge({ name: 'live_clients', help: 'Open streams.' });
  const sent = metrics.createCounter({ name: 'live_messages_total', help: 'Messages sent to clients.' });
  const dropped = metrics.createCounter({
    name: 'live_dropped_total',
    help: 'Streams ended because the client was too slow.',
  });
  const resets = metrics.createCounter({
    name: 'live_resets_total',
    help: 'Clients told that they may have missed something.',
  });
  return {
    opened: () => clients.inc(),
    closed: () => clients.dec(),
    sent: () => sent.inc(),
    dropped: () => dropped.inc(),
    reset: () => resets.inc(),
  };
}
