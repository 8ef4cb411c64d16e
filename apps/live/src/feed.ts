/*
 * The one change stream that all who watch share.
 *
 *  1. It is opened for the first client and begins the ring at its first token. While nobody watches there is none: it
 *     costs MongoDB and this process as much per record as storing it costs a worker, measured.
 *  2. Every change becomes a message in the ring. The clients are woken once per turn of the event loop; after a few
 *     messages the stream waits for that turn. What arrived in one piece would else be read without a pause, sockets
 *     could send nothing meanwhile, and the ring would go on without everybody.
 *  3. Trouble with MongoDB is waited out: the stream goes on where it was.
 *  4. Only when MongoDB no longer has that position does it begin anew, and everybody is told `reset`.
 *  5. When nobody has watched for a while it is stopped, and the ring forgets: who comes back is caught up.
 */

import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { Logger } from '@sluice/runtime/logger';
import { ResumeLostError, type Watch } from '@sluice/store/changes';
import type { LiveEntry } from './frames.ts';
import type { Ring } from './ring.ts';
import type { WatchEntries } from './stream-source.ts';

export type Feed = {
  readonly isOpen: boolean;
  /** Opens the stream, unless it is open; resolves once the ring has begun, or after `maxMs`. */
  start(maxMs: number): Promise<void>;
  /** Ends the stream and empties the ring. */
  stop(): Promise<void>;
};

export type FeedOptions = {
  readonly watch: WatchEntries;
  readonly ring: Ring;
  /** How many messages may come before the clients have had a turn; few against what the ring holds. */
  readonly burstCount: number;
  /** How many bytes of messages may. */
  readonly burstBytes: number;
  /** Told when the ring has begun: the first time, or `lost` after a position was lost. */
  readonly onBegun: (how: 'first' | 'lost') => void;
  /** Told of every message that the ring took. */
  readonly onEntry: (entry: LiveEntry) => void;
  /** Told when the ring has something new. */
  readonly onNews: () => void;
  readonly logger: Pick<Logger, 'warn'>;
};

/** How long to wait before beginning anew, in milliseconds. */
const PAUSE_MS = 500;

/** Creates the feed; its stream is not open yet. */
export function createFeed(options: FeedOptions): Feed {
  const { watch, ring, burstCount, burstBytes, onBegun, onEntry, onNews, logger } = options;
  let current: Watch | undefined;
  let again: NodeJS.Timeout | undefined;
  let whenBegun = Promise.withResolvers<void>();
  let waking: Promise<void> | undefined;
  let burst = { count: 0, bytes: 0 };

  function open(how: 'first' | 'lost'): void {
    let begun = false;
    const opened = watch({
      onPosition(token) {
        if (opened !== current) return;
        if (begun) {
          ring.advance(token);
          return;
        }
        begun = true;
        ring.begin(token);
        whenBegun.resolve();
        onBegun(how);
      },
      onEntry(entry) {
        if (opened !== current || !ring.push(entry)) return;
        onEntry(entry);
        return wakeSoon(entry);
      },
      onError(error) {
        logger.warn({ err: error }, 'stream.interrupted');
        if (!(error instanceof ResumeLostError) || opened !== current) return;
        const next = ring.position() === null ? how : 'lost';
        again = setTimeout(() => open(next), PAUSE_MS);
      },
    });
    current = opened;
  }

  function wakeSoon({ frame }: LiveEntry): Promise<void> | undefined {
    burst = { count: burst.count + 1, bytes: burst.bytes + frame.length };
    waking ??= wake();
    return burst.count >= burstCount || burst.bytes >= burstBytes ? waking : undefined;
  }

  async function wake(): Promise<void> {
    await turn();
    waking = undefined;
    burst = { count: 0, bytes: 0 };
    onNews();
  }

  return {
    get isOpen() {
      return current !== undefined;
    },
    async start(maxMs) {
      if (current === undefined) open('first');
      const giveUp = new AbortController();
      await Promise.race([
        whenBegun.promise,
        pause(maxMs, undefined, { signal: giveUp.signal }).catch(() => undefined),
      ]);
      giveUp.abort();
    },
    async stop() {
      clearTimeout(again);
      const stopped = current;
      current = undefined;
      whenBegun = Promise.withResolvers<void>();
      ring.clear();
      await stopped?.close();
    },
  };
}
