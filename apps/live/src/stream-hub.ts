/*
 * All who watch one stream of a process.
 *
 *  1. Before a client is told that it is connected, the feed is opened for it (`prepare`).
 *  2. A client without a position follows the ring from now; with one that the ring covers, from there.
 *  3. With an older one it is caught up first; with one that cannot be a position it is told `reset`.
 *  4. Where the feed could not be opened clients wait: they get heartbeats without an id. Who came without a position is told
 *     `reset` when it opens: what was stored since it came is not known.
 *  5. Heartbeats go out in ten groups, one after the other, so that thousands are not written at once.
 *  6. When nobody has watched for a minute the feed is stopped.
 *  7. At the end every stream is ended, so that clients connect to another process.
 */
import type { Logger } from '@sluice/runtime/logger';
import { createCatchUp } from './catch-up.ts';
import { createFeed } from './feed.ts';
import type { Filter } from './filter.ts';
import type { StreamMetrics } from './live-metrics.ts';
import { createRing } from './ring.ts';
import { createStreamClient, type StreamClient } from './stream-client.ts';
import type { WatchEntries } from './stream-source.ts';
import { isUsableToken } from './token.ts';
import type { Transport } from './transport.ts';

/** Who opens a stream, and what for. */
export type Opening = {
  readonly filter: Filter;
  readonly lastEventId: string | null;
  /** Tells whether the caller may still watch; rejects when nobody can say. */
  readonly isAllowed: () => Promise<boolean>;
};

export type StreamHub = {
  /** Gets ready for a client; resolves once the feed is open, or after 1 s. False when there is no room for it. */
  prepare(): Promise<boolean>;
  /** Serves a stream on a connection. */
  open(transport: Transport, opening: Opening): void;
  /** Ends every stream, and refuses to keep new ones. */
  endStreams(): void;
  /** Ends every stream and the watching of changes. */
  close(): Promise<void>;
};

export type StreamHubOptions = {
  readonly watch: WatchEntries;
  readonly logger: Pick<Logger, 'warn'>;
  readonly metrics: StreamMetrics;
  readonly now: () => number;
  /** Pause between heartbeats; 10 s by default. */
  readonly heartbeatMs?: number;
  /** Messages kept for resuming; 10,000 by default. */
  readonly ringCount?: number;
  /** Bytes of messages kept for resuming; 64 MiB by default. */
  readonly ringBytes?: number;
  /** How long a client may hold up the others that catch up; 5 s by default. */
  readonly patienceMs?: number;
  /** How long a socket may take nothing before it is cut off; 30 s by default. */
  readonly stuckMs?: number;
  /** How long nobody may watch before the feed is stopped; 60 s by default. */
  readonly idleMs?: number;
  /** How many clients may watch at once; 10,000 by default. */
  readonly maxClientCount?: number;
};

/** How long a client may wait for the feed to open before it is told that it is connected. */
const PREPARE_MS = 1000;

const HEARTBEAT_GROUPS = 10;

/** What may come in one turn of the event loop; a small ring takes less. */
const BURST_COUNT = 32;
const BURST_BYTES = 16 * 1024;

/** Creates the hub; MongoDB may be away. */
export function createStreamHub(options: StreamHubOptions): StreamHub {
  const { watch, logger, metrics, now, heartbeatMs = 10_000, patienceMs = 5000 } = options;
  const { idleMs = 60_000, stuckMs = 30_000, maxClientCount = 10_000 } = options;
  const { ringCount = 10_000, ringBytes = 64 * 1024 * 1024 } = options;
  const ring = createRing({ maxCount: ringCount, maxBytes: ringBytes });
  const clients = new Set<StreamClient>();
  const groups = Array.from({ length: HEARTBEAT_GROUPS }, () => new Set<StreamClient>());
  const unserved = new Set<StreamClient>();
  let closing = false;
  let lastNeededMs = now();
  let openedCount = 0;
  let beatCount = 0;
  const catchUp = createCatchUp({
    watch,
    ring,
    patienceMs,
    now,
    onRun: metrics.caughtUp,
    onTrouble: (err) => logger.warn({ err }, 'stream.catch-up-interrupted'),
  });
  const feed = createFeed({
    watch,
    ring,
    burstCount: Math.max(1, Math.min(BURST_COUNT, Math.floor(ringCount / 4))),
    burstBytes: Math.min(BURST_BYTES, ringBytes / 4),
    onBegun,
    onEntry: ({ at }) => metrics.handed(now() - at),
    onNews: () => {
      for (const client of clients) client.pull();
    },
    logger,
  });
  metrics.follow(ring.position);
  const beats = setInterval(beat, heartbeatMs / HEARTBEAT_GROUPS);

  function beat(): void {
    for (const client of groups[beatCount++ % HEARTBEAT_GROUPS] ?? []) client.beat();
    if (clients.size > 0) lastNeededMs = now();
    else if (feed.isOpen && now() - lastNeededMs > idleMs) {
      feed.stop().catch((err: unknown) => logger.warn({ err }, 'stream.stop-failed'));
    }
  }

  async function prepare(): Promise<boolean> {
    if (clients.size >= maxClientCount) {
      metrics.refused();
      return false;
    }
    lastNeededMs = now();
    if (!closing) await feed.start(PREPARE_MS);
    return true;
  }

  function open(transport: Transport, { filter, lastEventId, isAllowed }: Opening): void {
    const token = lastEventId !== null && isUsableToken(lastEventId, now()) ? lastEventId : null;
    const client = createStreamClient({
      transport,
      filter,
      token,
      ring,
      now,
      stuckMs,
      isAllowed,
      metrics: metrics[transport.kind],
    });
    const group = groups[openedCount++ % HEARTBEAT_GROUPS];
    clients.add(client);
    group?.add(client);
    metrics[transport.kind].opened();
    transport.onClose(() => {
      clients.delete(client);
      group?.delete(client);
      unserved.delete(client);
      metrics[transport.kind].closed();
    });
    if (closing) client.end();
    else if (ring.position() === null) {
      unserved.add(client);
      client.beat();
    } else if (lastEventId !== null && token === null) client.reset('The last event id is not one of ours.');
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

  function endStreams(): void {
    closing = true;
    clearInterval(beats);
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
