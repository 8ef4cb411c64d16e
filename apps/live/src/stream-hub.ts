/*
 * All open streams of a process.
 *
 *  1. Before a client is told that it is connected, the feed is opened for it (`prepare`).
 *  2. A client without a position follows the ring from now; with one that the ring covers, from there.
 *  3. With an older one it is caught up first; with one that cannot be a position it is told `reset`.
 *  4. Where the feed could not be opened clients wait: they get heartbeats without an id. Who came without a position is told
 *     `reset` when it opens: what was stored since it came is not known.
 *  5. When nobody has watched for a minute the feed is stopped.
 *  6. At the end every stream is ended, so that clients connect to another process.
 */
import type { ServerResponse } from 'node:http';
import type { StreamQuery } from '@sluice/contracts/live';
import type { Logger } from '@sluice/runtime/logger';
import type { Watch, WatchOptions } from '@sluice/store/changes';
import { createCatchUp } from './catch-up.ts';
import { createFeed } from './feed.ts';
import type { LiveMetrics } from './live-metrics.ts';
import { createRing } from './ring.ts';
import { createStreamClient, type StreamClient } from './stream-client.ts';
import { isUsableToken } from './token.ts';

export type StreamHub = {
  /** Gets ready for a client; resolves once the feed is open, or after 1 s. */
  prepare(): Promise<void>;
  /** Serves a stream on a response whose head is written. */
  open(response: ServerResponse, query: StreamQuery, lastEventId: string | null): void;
  /** Ends every stream, and refuses to keep new ones. */
  endStreams(): void;
  /** Ends every stream and the watching of changes. */
  close(): Promise<void>;
};

export type StreamHubOptions = {
  readonly watch: (options: WatchOptions) => Watch;
  readonly logger: Pick<Logger, 'warn'>;
  readonly metrics: LiveMetrics;
  readonly now: () => number;
  /** Pause between heartbeats; 10 s by default. */
  readonly heartbeatMs?: number;
  /** Messages kept for resuming; 10,000 by default. */
  readonly ringCount?: number;
  /** Bytes of messages kept for resuming; 64 MiB by default. */
  readonly ringBytes?: number;
  /** How long a client may hold up the others that catch up; 5 s by default. */
  readonly patienceMs?: number;
  /** How long nobody may watch before the feed is stopped; 60 s by default. */
  readonly idleMs?: number;
};

/** How long a client may wait for the feed to open before it is told that it is connected. */
const PREPARE_MS = 1000;

/** Creates the hub; MongoDB may be away. */
export function createStreamHub(options: StreamHubOptions): StreamHub {
  const { watch, logger, metrics, now, heartbeatMs = 10_000, patienceMs = 5000 } = options;
  const { idleMs = 60_000 } = options;
  const ring = createRing({
    maxCount: options.ringCount ?? 10_000,
    maxBytes: options.ringBytes ?? 64 * 1024 * 1024,
  });
  const clients = new Set<StreamClient>();
  const unserved = new Set<StreamClient>();
  let closing = false;
  let lastNeededMs = now();
  const onTrouble = (err: unknown) => logger.warn({ err }, 'stream.catch-up-interrupted');
  const catchUp = createCatchUp({ watch, ring, patienceMs, onTrouble });
  const feed = createFeed({ watch, ring, onBegun, onNews, logger });
  const heartbeats = setInterval(() => {
    for (const client of clients) client.heartbeat();
    if (clients.size > 0) lastNeededMs = now();
    else if (ring.position() !== null && now() - lastNeededMs > idleMs) {
      feed.stop().catch((err: unknown) => logger.warn({ err }, 'stream.stop-failed'));
    }
  }, heartbeatMs);

  async function prepare(): Promise<void> {
    lastNeededMs = now();
    if (!closing) await feed.start(PREPARE_MS);
  }

  function open(response: ServerResponse, query: StreamQuery, lastEventId: string | null): void {
    const token = lastEventId !== null && isUsableToken(lastEventId, now()) ? lastEventId : null;
    const client = createStreamClient({
      response,
      query,
      token,
      ring,
      now,
      onSent: metrics.sent,
      onReset: metrics.reset,
      onDropped: metrics.dropped,
    });
    clients.add(client);
    metrics.opened();
    response.on('close', () => {
      clients.delete(client);
      unserved.delete(client);
      metrics.closed();
    });
    if (closing) client.end();
    else if (ring.position() === null) unserved.add(client);
    else if (lastEventId !== null && token === null) client.reset('The last event id is not one of ours.');
    else serve(client);
  }

  function serve(client: StreamClient): void {
    if (client.token !== null && ring.findAfter(client.token) === undefined) catchUp.add(client);
    else client.follow();
  }

  function serveAfterWait(client: StreamClient): void {
    if (client.token === null) client.reset('The stream began after you came.');
    else serve(client);
  }

  function onBegun(how: 'first' | 'lost'): void {
    for (const client of unserved) serveAfterWait(client);
    unserved.clear();
    if (how === 'first') return;
    for (const client of clients) {
      if (client.isFollowing) client.reset('The stream had to begin anew.');
    }
  }

  function onNews(): void {
    for (const client of clients) client.pull();
  }

  function endStreams(): void {
    closing = true;
    clearInterval(heartbeats);
    for (const client of clients) client.end();
  }

  return {
    prepare,
    open,
    endStreams,
    async close() {
      endStreams();
      await Promise.all([catchUp.close(), feed.stop()]);
    },
  };
}
