import { DURATION_BUCKETS, type Metrics } from '@sluice/runtime/metrics';

/** What ingest counts. */
export type IngestMetrics = {
  accepted(seconds: number, duplicate: boolean): void;
  batchAccepted(batch: { readonly accepted: number; readonly duplicates: number }): void;
  rejected(code: string): void;
  batchSent(sent: { readonly events: number; readonly by: 'queue' | 'inbox' | 'none' }): void;
  /** Shows how old the known sources are, from now on; `readAgeMs` returns NaN while none are. */
  showSourcesAge(readAgeMs: () => number): void;
};

/** Creates ingest's metrics in the process's registry. */
export function createIngestMetrics(metrics: Metrics): IngestMetrics {
  const accepted = metrics.createCounter({
    name: 'accepted_total',
    help: 'Events answered as kept, those of batches too, by whether the event was known already.',
    labels: ['duplicate'],
  });
  const rejected = metrics.createCounter({
    name: 'rejected_total',
    help: 'Requests and items of batches refused, by code.',
    labels: ['code'],
  });
  const kept = metrics.createCounter({
    name: 'batch_events_total',
    help: 'Events that left ingest in batches, by the store that took them; none = answered 503.',
    labels: ['by'],
  });
  const batches = metrics.createCounter({
    name: 'batches_total',
    help: 'Batches that left ingest, by the store that took them.',
    labels: ['by'],
  });
  const seconds = metrics.createHistogram({
    name: 'accept_seconds',
    help: 'Time from the whole body to the answer, batches left out.',
    buckets: DURATION_BUCKETS,
  });
  return {
    accepted(duration, duplicate) {
      accepted.inc({ duplicate: String(duplicate) });
      seconds.observe(duration);
    },
    batchAccepted({ accepted: fresh, duplicates }) {
      accepted.inc({ duplicate: 'false' }, fresh);
      accepted.inc({ duplicate: 'true' }, duplicates);
    },
    rejected: (code) => rejected.inc({ code }),
    batchSent({ events, by }) {
      batches.inc({ by });
      kept.inc({ by }, events);
    },
    showSourcesAge(readAgeMs) {
      metrics.createGauge({
        name: 'sources_age_seconds',
        help: 'Time since MongoDB was known to declare the sources that are used; NaN until they were read once.',
        collect: (gauge) => gauge.set(readAgeMs() / 1000),
      });
    },
  };
}
