import { DURATION_BUCKETS, type Metrics } from '@sluice/runtime/metrics';
import { toSeconds } from './token.ts';
import type { TransportKind } from './transport.ts';

/** What is counted of the clients of one stream that come the same way. */
export type ClientMetrics = {
  opened(): void;
  closed(): void;
  sent(count: number): void;
  dropped(): void;
  reset(): void;
};

/** What is counted of one stream. */
export type StreamMetrics = {
  readonly sse: ClientMetrics;
  readonly ws: ClientMetrics;
  /** Tells how long after it was written, in milliseconds, a change was handed to the clients. */
  handed(afterMs: number): void;
  caughtUp(): void;
  refused(): void;
  /** Says where to read the token that the stream has reached; null while nobody watches. */
  follow(readPosition: () => string | null): void;
};

/** Creates live's metrics in the process's registry; the result makes those of a stream by its name. */
export function createLiveMetrics(metrics: Metrics): (stream: string) => StreamMetrics {
  const positions = new Map<string, () => string | null>();
  const perClient = ['stream', 'kind'] as const;
  const perStream = ['stream'] as const;
  const clients = metrics.createGauge({ name: 'live_clients', help: 'Open streams.', labels: perClient });
  const sent = metrics.createCounter({
    name: 'live_messages_total',
    help: 'Messages sent to clients.',
    labels: perClient,
  });
  const dropped = metrics.createCounter({
    name: 'live_dropped_total',
    help: 'Streams ended because the client was too slow.',
    labels: perClient,
  });
  const resets = metrics.createCounter({
    name: 'live_resets_total',
    help: 'Clients told that they may have missed something.',
    labels: perClient,
  });
  const refused = metrics.createCounter({
    name: 'live_refused_total',
    help: 'Clients turned away because too many are here.',
    labels: perStream,
  });
  const catchUps = metrics.createCounter({
    name: 'live_catch_ups_total',
    help: 'Change streams opened to catch clients up.',
    labels: perStream,
  });
  const lag = metrics.createHistogram({
    name: 'live_lag_seconds',
    help: 'From the writing of a change in MongoDB until it is handed to the clients.',
    labels: perStream,
    buckets: DURATION_BUCKETS,
  });
  metrics.createGauge({
    name: 'live_position_age_seconds',
    help: 'How old the position of the change stream is, while somebody watches; up to 10 s while MongoDB idles.',
    labels: perStream,
    collect(gauge) {
      gauge.reset();
      for (const [stream, readPosition] of positions) {
        const position = readPosition();
        if (position !== null) gauge.set({ stream }, Math.max(0, Date.now() / 1000 - toSeconds(position)));
      }
    },
  });

  function ofClients(stream: string, kind: TransportKind): ClientMetrics {
    const labels = { stream, kind };
    const open = clients.labels(labels);
    const messages = sent.labels(labels);
    const drops = dropped.labels(labels);
    const told = resets.labels(labels);
    // A counter that does not begin at 0 hides its first increase.
    for (const counter of [messages, drops, told]) counter.inc(0);
    return {
      opened: () => open.inc(),
      closed: () => open.dec(),
      sent: (count) => messages.inc(count),
      dropped: () => drops.inc(),
      reset: () => told.inc(),
    };
  }

  return (stream) => ({
    sse: ofClients(stream, 'sse'),
    ws: ofClients(stream, 'ws'),
    handed: (afterMs) => lag.observe({ stream }, Math.max(0, afterMs) / 1000),
    caughtUp: () => catchUps.inc({ stream }),
    refused: () => refused.inc({ stream }),
    follow: (readPosition) => void positions.set(stream, readPosition),
  });
}
