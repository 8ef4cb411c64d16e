/*
 * The one change stream of a process.
 *
 *  1. It opens as soon as MongoDB is there and begins the ring at its first token.
 *  2. Every new record becomes a message in the ring, and the clients are woken.
 *  3. Trouble with MongoDB is waited out: the stream goes on where it was.
 *  4. Only when MongoDB no longer has that position does it begin anew, and everybody is told `reset`.
 */

import type { Logger } from '@sluice/runtime/logger';
import { ResumeLostError, type Watch, type WatchOptions } from '@sluice/store/changes';
import { toEntry } from './frames.ts';
import type { Ring } from './ring.ts';

export type Feed = { close(): Promise<void> };

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

/** Creates the feed and opens it. */
export function createFeed({ watch, ring, onBegun, onNews, logger }: FeedOptions): Feed {
  let begun = false;
  let how: 'first' | 'lost' = 'first';
  let again: NodeJS.Timeout | undefined;
  let watching = open();

  function open(): Watch {
    begun = false;
    return watch({
      onPosition(token) {
        if (begun) {
          ring.advance(token);
          return;
        }
        begun = true;
        ring.begin(token);
        onBegun(how);
      },
      onRecord(change) {
        if (ring.push(toEntry(change))) onNews();
      },
      onError(error) {
        logger.warn({ err: error }, 'stream.interrupted');
        if (!(error instanceof ResumeLostError)) return;
        if (ring.position() !== null) how = 'lost';
        again = setTimeout(() => {
          watching = open();
        }, PAUSE_MS);
      },
    });
  }

  return {
    async close() {
      clearTimeout(again);
      await watching.close();
    },
  };
}
