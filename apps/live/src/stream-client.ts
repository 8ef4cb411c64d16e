/*
 * One open stream.
 *
 *  1. `waiting`: the feed is not open yet, or a catch-up reads what this client missed.
 *  2. `following`: it takes messages from the ring at its own pace: the next one when its socket has taken the last
 *     ones. So nothing is buffered for it beyond what its socket holds, however slow it is.
 *  3. When the ring has gone on without it, its connection is ended; it can resume where it was.
 *
 * Its `token` is always that of what it was sent, and of what its filter left out; heartbeats tell it.
 */
import type { ServerResponse } from 'node:http';
import type { StreamQuery } from '@sluice/contracts/live';
import { isWanted, type LiveEntry, RETRY_FRAME, toHeartbeat, toReset } from './frames.ts';
import type { Ring } from './ring.ts';

export type StreamClient = {
  /** Everything up to here was sent; null when it began without a position and none is known. */
  readonly token: string | null;
  readonly isClosed: boolean;
  readonly isFollowing: boolean;
  /** Whether its socket takes nothing more for now. */
  readonly isBlocked: boolean;
  /** Follows the ring from its own token on, or from now when it has none. */
  follow(): void;
  /** Sends one message out of band, while it does not follow. */
  deliver(entry: LiveEntry): void;
  /** Notes that nothing came up to a token, while it does not follow. */
  advance(token: string): void;
  /** Resolves when its socket takes more, or it is closed. */
  drained(): Promise<void>;
  /** Sends what the ring has for it. */
  pull(): void;
  heartbeat(): void;
  /** Says that something may have been missed, and follows from now. */
  reset(reason: string): void;
  /** Cuts a client off that is too slow; it can resume. */
  drop(): void;
  /** Ends the stream, whose client is to connect again. */
  end(): void;
};

export type StreamClientOptions = {
  readonly response: ServerResponse;
  readonly query: StreamQuery;
  readonly token: string | null;
  readonly ring: Ring;
  readonly now: () => number;
  readonly onSent: () => void;
  readonly onReset: () => void;
  /** Told when it was too slow. */
  readonly onDropped: () => void;
};

/** Creates a client on a response whose head is written. */
export function createStreamClient(options: StreamClientOptions): StreamClient {
  const { response, query, ring, now, onSent, onReset, onDropped } = options;
  let { token } = options;
  let next: number | null = null;
  let blocked = false;
  let whenDrained = Promise.withResolvers<void>();

  response.on('drain', () => {
    release();
    pull();
  });
  response.on('close', release);
  write(RETRY_FRAME);

  function release(): void {
    blocked = false;
    whenDrained.resolve();
    whenDrained = Promise.withResolvers<void>();
  }

  function write(frame: string | Buffer): void {
    if (isClosed()) return;
    if (!response.write(frame)) blocked = true;
  }

  function isClosed(): boolean {
    return response.destroyed || response.writableEnded;
  }

  function send(entry: LiveEntry): void {
    if (token !== null && entry.token <= token) return;
    token = entry.token;
    if (!isWanted(entry, query)) return;
    write(entry.frame);
    onSent();
  }

  function advance(reached: string): void {
    if (token === null || reached > token) token = reached;
  }

  function pull(): void {
    if (next === null) return;
    while (!isClosed()) {
      const entry = ring.read(next);
      if (entry === null) {
        drop();
        return;
      }
      if (blocked) return;
      if (entry === undefined) {
        const position = ring.position();
        if (position !== null) advance(position);
        return;
      }
      next += 1;
      send(entry);
    }
  }

  function drop(): void {
    if (isClosed()) return;
    onDropped();
    response.destroy();
  }

  function heartbeat(): void {
    if (!blocked) write(toHeartbeat(token, now()));
  }

  return {
    get token() {
      return token;
    },
    get isClosed() {
      return isClosed();
    },
    get isFollowing() {
      return next !== null;
    },
    get isBlocked() {
      return blocked && !isClosed();
    },
    follow() {
      next = (token === null ? undefined : ring.findAfter(token)) ?? ring.end();
      pull();
      heartbeat();
    },
    deliver: send,
    advance,
    drained: () => (blocked && !isClosed() ? whenDrained.promise : Promise.resolve()),
    pull,
    heartbeat,
    reset(reason) {
      token = ring.position();
      next = ring.end();
      write(toReset(token, reason));
      onReset();
    },
    drop,
    end() {
      // What does not take the last bytes would never see the end.
      if (blocked) response.destroy();
      else response.end();
    },
  };
}
