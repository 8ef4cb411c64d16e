/*
 * The one change stream of a process.
 *
 *  1. It is opened for the first client and begins the ring at its first token. While nobody watches there is none: it
 *     costs MongoDB and this process as much per record as storing it costs a worker, measured.
 *  2. Every new record becomes a message in the ring, and the clients are woken.
 *  3. Trouble with MongoDB is waited out: the stream goes on where it was.
 *  4. Only when MongoDB no longer has that position does it begin anew, and everybody is told `reset`.
 *  5. When nobody has watched for a while it is stopped, and the ring forgets: who comes back is caught up.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@sluice/runtime/logger';
import { ResumeLostError, type Watch, type WatchOptions } from '@sluice/store/changes';
import { toEntry } from './frames.ts';
import type { Ring } from './ring.ts';

export type Feed = {
  /** Opens the stream, unless it is open; resolves once the ring has begun, or after `maxMs`. */
  start(maxMs: number): Promise<void>;
  /** Ends the stream and empties the ring. */
  stop(): Promise<void>;
};

export type FeedOptions = {
  readonly watch: (options: WatchOptions) => Watch;
  readonly ring: Ring;
  /** Told when the ring has begun: the first time, or `lost` after a position was lost. */
  readonly onBegun: (how: 'first' | 'lost') => void;
  /** Told when the ring has something new. */
  readonly onNews: () => void;
  readonly logger: Pick<Logger, 'warn'>;
};

/** How long to wait before beginning anew, in milliseconds. */
const PAUSE_MS = 500;

/** Creates the feed; its stream is not open yet. */
export function createFeed({ watch, ring, onBegun, onNews, logger }: FeedOptions): Feed {
  let current: Watch | undefined;
  let again: NodeJS.Timeout | undefined;
  let whenBegun = Promise.withResolvers<void>();

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
      onRecord(change) {
        if (opened === current && ring.push(toEntry(change))) onNews();
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

  return {
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
