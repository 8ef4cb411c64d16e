/*
 * Reading again what clients missed that the ring no longer holds.
 *
 *  1. Clients that come with an older token than the ring's wait here.
 *  2. One change stream for all of them opens at the oldest of their tokens. Each is sent what is newer than its
 *     own; a client that comes meanwhile joins when the stream has not passed it, else it waits for the next one.
 *  3. Once the stream has reached the ring, they follow the ring, which holds everything after that.
 *  4. MongoDB may no longer have the oldest position, or never had it: whoever came with it is told `reset`, the
 *     others try again. Trouble with MongoDB is waited out by the stream itself.
 */
import { ResumeLostError, type Watch, type WatchOptions } from '@sluice/store/changes';
import { type LiveEntry, toEntry } from './frames.ts';
import type { Ring } from './ring.ts';
import type { StreamClient } from './stream-client.ts';

/** A client as catching up sees it. */
export type LateClient = Pick<
  StreamClient,
  'token' | 'isClosed' | 'isBlocked' | 'follow' | 'deliver' | 'advance' | 'drained' | 'reset' | 'drop'
>;

export type CatchUp = {
  /** Takes a client whose token is older than the ring. */
  add(client: LateClient): void;
  close(): Promise<void>;
};

export type CatchUpOptions = {
  readonly watch: (options: WatchOptions) => Watch;
  readonly ring: Pick<Ring, 'floor'>;
  /** How long a client may hold up the others before it is dropped, in milliseconds. */
  readonly patienceMs: number;
  readonly onTrouble: (error: unknown) => void;
};

type Run = {
  readonly from: string;
  readonly clients: Set<LateClient>;
  token: string;
  readonly watch: Watch;
};

/** Creates the catch-up of one process; at most one stream is open at a time. */
export function createCatchUp({ watch, ring, patienceMs, onTrouble }: CatchUpOptions): CatchUp {
  const waiting = new Set<LateClient>();
  let run: Run | undefined;
  let closed = false;

  function add(client: LateClient): void {
    if (run !== undefined && client.token !== null && client.token >= run.token) run.clients.add(client);
    else waiting.add(client);
    startRun();
  }

  function startRun(): void {
    if (run !== undefined || closed) return;
    const clients = new Set([...waiting].filter((client) => !client.isClosed));
    waiting.clear();
    const from = [...clients].map(({ token }) => token ?? '').sort()[0];
    if (from === undefined) return;
    const started: Run = {
      from,
      clients,
      token: from,
      watch: watch({
        resumeAfter: from,
        onRecord: (change) => deliver(started, toEntry(change)),
        onPosition: (token) => reach(started, token),
        onError: (error) => fail(started, error),
      }),
    };
    run = started;
  }

  async function deliver(current: Run, entry: LiveEntry): Promise<void> {
    if (current !== run) return;
    for (const client of current.clients) client.deliver(entry);
    await waitForSlowest(current);
    reach(current, entry.token);
  }

  async function waitForSlowest({ clients }: Run): Promise<void> {
    const slow = [...clients].filter((client) => client.isBlocked);
    if (slow.length === 0) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, patienceMs);
    await Promise.race([Promise.all(slow.map((client) => client.drained())), late.promise]);
    clearTimeout(timer);
    for (const client of slow) if (client.isBlocked) client.drop();
  }

  function reach(current: Run, token: string): void {
    if (current !== run) return;
    current.token = token;
    for (const client of current.clients) {
      client.advance(token);
      if (client.isClosed) current.clients.delete(client);
    }
    const floor = ring.floor();
    if (floor !== null && token < floor && current.clients.size > 0) return;
    finish(current);
    for (const client of current.clients) client.follow();
  }

  function fail(current: Run, error: unknown): void {
    if (current !== run) return;
    if (!(error instanceof ResumeLostError)) {
      onTrouble(error);
      return;
    }
    for (const client of current.clients) {
      if (client.token === current.from) client.reset('The position is unknown or too old.');
      else waiting.add(client);
    }
    finish(current);
  }

  function finish(current: Run): void {
    run = undefined;
    // Not awaited: the stream may be waiting for the very call that ends it.
    current.watch.close().catch(onTrouble);
    startRun();
  }

  return {
    add,
    async close() {
      closed = true;
      await run?.watch.close();
    },
  };
}
