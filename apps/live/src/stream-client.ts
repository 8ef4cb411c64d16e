/*
 * One open stream.
 *
 *  1. `waiting`: the feed is not open yet, or a catch-up reads what this client missed.
 *  2. `following`: it takes messages from the ring at its own pace: the next one when its socket has taken the last
 *     ones. So nothing is buffered for it beyond what its socket holds, however slow it is.
 *  3. When the ring has gone on without it, or its socket takes nothing for long, its connection is ended; it can
 *     resume where it was.
 *  4. At each heartbeat its caller's key is looked at again; one that is no longer in force ends it.
 *
 * Its `token` is always that of what it was sent, and of what its filter left out; heartbeats tell it.
 */
import type { Filter } from './filter.ts';
import { type LiveEntry, type Message, toHeartbeat, toReset } from './frames.ts';
import type { ClientMetrics } from './live-metrics.ts';
import type { Ring } from './ring.ts';
import type { Transport } from './transport.ts';

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
  /** Sends a heartbeat; ends it when it is stuck, or its caller may no longer watch. */
  beat(): void;
  /** Says that something may have been missed, and follows from now. */
  reset(reason: string): void;
  /** Cuts a client off that is too slow; it can resume. */
  drop(): void;
  /** Ends the stream, whose client is to connect again. */
  end(): void;
};

export type StreamClientOptions = {
  readonly transport: Transport;
  readonly filter: Filter;
  readonly token: string | null;
  readonly ring: Ring;
  readonly now: () => number;
  /** How long its socket may take nothing, in milliseconds. */
  readonly stuckMs: number;
  /** Tells whether its caller may still watch; rejects when nobody can say. */
  readonly isAllowed: () => Promise<boolean>;
  readonly metrics: ClientMetrics;
};

/** Creates a client on a connection. */
export function createStreamClient(options: StreamClientOptions): StreamClient {
  const { transport, filter, ring, now, stuckMs, isAllowed, metrics } = options;
  let { token } = options;
  let next: number | null = null;
  let blockedSinceMs: number | null = null;
  let whenDrained = Promise.withResolvers<void>();

  transport.onDrain(() => {
    release();
    pull();
  });
  transport.onClose(release);

  function release(): void {
    blockedSinceMs = null;
    whenDrained.resolve();
    whenDrained = Promise.withResolvers<void>();
  }

  function write(message: Message): void {
    if (transport.isClosed) return;
    if (!transport.send(message)) blockedSinceMs ??= now();
  }

  /** Returns whether it was sent. */
  function send(entry: LiveEntry): boolean {
    if (token !== null && entry.token <= token) return false;
    token = entry.token;
    if (!filter(entry)) return false;
    write(entry);
    return true;
  }

  function advance(reached: string): void {
    if (token === null || reached > token) token = reached;
  }

  function pull(): void {
    if (next === null) return;
    let sent = 0;
    while (!transport.isClosed) {
      const entry = ring.read(next);
      if (entry === null) {
        drop();
        break;
      }
      if (blockedSinceMs !== null) break;
      if (entry === undefined) {
        const position = ring.position();
        if (position !== null) advance(position);
        break;
      }
      next += 1;
      if (send(entry)) sent += 1;
    }
    if (sent > 0) metrics.sent(sent);
  }

  function follow(): void {
    const found = token === null ? ring.end() : ring.findAfter(token);
    if (found === undefined) {
      reset('The position is older than what is known here.');
      return;
    }
    next = found;
    pull();
    heartbeat();
  }

  function heartbeat(): void {
    if (blockedSinceMs === null) write(toHeartbeat(token, now()));
  }

  function beat(): void {
    if (transport.isClosed) return;
    if (blockedSinceMs !== null) {
      if (now() - blockedSinceMs >= stuckMs) drop();
      return;
    }
    transport.ping();
    heartbeat();
    // Where nobody can say, the caller stays what it was.
    isAllowed().then(
      (allowed) => {
        if (!allowed && !transport.isClosed) transport.refuse();
      },
      () => undefined,
    );
  }

  function reset(reason: string): void {
    token = ring.position();
    next = ring.end();
    write(toReset(token, reason));
    metrics.reset();
  }

  function drop(): void {
    if (transport.isClosed) return;
    metrics.dropped();
    transport.drop();
    release();
  }

  return {
    get token() {
      return token;
    },
    get isClosed() {
      return transport.isClosed;
    },
    get isFollowing() {
      return next !== null;
    },
    get isBlocked() {
      return blockedSinceMs !== null && !transport.isClosed;
    },
    follow,
    deliver(entry) {
      if (send(entry)) metrics.sent(1);
    },
    advance,
    drained: () => (blockedSinceMs !== null && !transport.isClosed ? whenDrained.promise : Promise.resolve()),
    pull,
    beat,
    reset,
    drop,
    end() {
      if (!transport.isClosed) transport.end();
    },
  };
}
