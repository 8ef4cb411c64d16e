import { DURATION_BUCKETS, type Metrics } from '@sluice/runtime/metrics';

/** What ingest counts. */
export type IngestMetrics = {
  accepted(seconds: number, duplicate: boolean): void;
  batchAccepted(batch: { readonly accepted: number; readonly duplicates: number }): void;
  /** A provider asked whether an address is right, and was answered. */
  handshake(): void;
  /** Counts a refusal; `cause` is the code, or tells more where the answer hides it. */
  rejected(code: string, cause: string): void;
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
  const handshakes = metrics.createCounter({
    name: 'handshakes_total',
    help: 'Challenges of providers that were answered; nothing of them is kept.',
  });
  const rejected = metrics.createCounter({
    name: 'rejected_total',
    help: 'Requests and items of batches refused, by code and true cause.',
    labels: ['code', 'cause'],
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
    handshake: () => handshakes.inc(),
    rejected: (code, cause) => rejected.inc({ code, cause }),
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
