/*
 * Reading again what clients missed that the ring no longer holds.
 *
 *  1. Clients that come with an older token than the ring's wait here until nobody new has come for a moment: after
 *     a restart they come by the thousand.
 *  2. One change stream for all of them opens at the oldest of their tokens. Each is sent what is newer than its
 *     own; a client that comes meanwhile joins when the stream has not passed it, else it waits for the next one.
 *  3. The stream waits for the slowest of them, but for none longer than a few seconds in all.
 *  4. Once it has reached the ring, they follow the ring, which holds everything after that.
 *  5. MongoDB may no longer have the oldest position, or never had it: whoever came with it is told `reset`, the
 *     others try again; with each further loss twice as many of the oldest are told, so that a thousand stale
 *     positions cost ten streams. Trouble with MongoDB is waited out by the stream itself.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { ResumeLostError, type Watch } from '@sluice/store/changes';
import type { LiveEntry } from './frames.ts';
import type { Ring } from './ring.ts';
import type { StreamClient } from './stream-client.ts';
import type { WatchEntries } from './stream-source.ts';

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
  readonly watch: WatchEntries;
  readonly ring: Pick<Ring, 'floor'>;
  /** How long a client may hold up the others, in all, before it is dropped, in milliseconds. */
  readonly patienceMs: number;
  readonly now: () => number;
  /** Told when a change stream is opened. */
  readonly onRun: () => void;
  readonly onTrouble: (error: unknown) => void;
};

type Run = {
  readonly from: string;
  /** Each client, and how long it has held up the others, in milliseconds. */
  readonly clients: Map<LateClient, number>;
  token: string;
  entries: number;
  readonly watch: Watch;
};

/** How long nobody new may have come before a stream is opened, and the longest wait for that, in milliseconds. */
const QUIET_MS = 50;
const GATHER_MS = 1000;

/** How many messages are handed on before others have a turn of the event loop. */
const BURST_COUNT = 32;

/** Creates the catch-up of one stream; at most one change stream is open at a time. */
export function createCatchUp(options: CatchUpOptions): CatchUp {
  const { watch, ring, patienceMs, now, onRun, onTrouble } = options;
  const waiting = new Set<LateClient>();
  let gathering: { readonly sinceMs: number; readonly timer: NodeJS.Timeout } | undefined;
  let run: Run | undefined;
  let lostInARow = 0;
  let closed = false;

  function add(client: LateClient): void {
    if (run !== undefined && client.token !== null && client.token >= run.token) run.clients.set(client, 0);
    else waiting.add(client);
    gather();
  }

  function gather(): void {
    if (run !== undefined || closed || waiting.size === 0) return;
    clearTimeout(gathering?.timer);
    const sinceMs = gathering?.sinceMs ?? now();
    const waitMs = Math.max(0, Math.min(QUIET_MS, sinceMs + GATHER_MS - now()));
    gathering = { sinceMs, timer: setTimeout(startRun, waitMs) };
  }

  function startRun(): void {
    gathering = undefined;
    const clients = new Map([...waiting].filter((client) => !client.isClosed).map((client) => [client, 0]));
    waiting.clear();
    const [oldest] = sortByToken(clients.keys());
    const from = oldest?.token ?? null;
    if (from === null) return;
    onRun();
    const started: Run = {
      from,
      clients,
      token: from,
      entries: 0,
      watch: watch({
        resumeAfter: from,
        onEntry: (entry) => deliver(started, entry),
        onPosition: (token) => reach(started, token),
        onError: (error) => fail(started, error),
      }),
    };
    run = started;
  }

  async function deliver(current: Run, entry: LiveEntry): Promise<void> {
    if (current !== run) return;
    for (const client of current.clients.keys()) client.deliver(entry);
    // At once: who comes while the slow ones are waited for has not been sent this entry.
    current.token = entry.token;
    await waitForSlowest(current);
    current.entries += 1;
    if (current.entries % BURST_COUNT === 0) await turn();
    reach(current, entry.token);
  }

  async function waitForSlowest({ clients }: Run): Promise<void> {
    const slow = [...clients].filter(([client]) => client.isBlocked);
    if (slow.length === 0) return;
    const startedMs = now();
    await Promise.all(
      slow.map(async ([client, heldMs]) => {
        const timer = setTimeout(client.drop, Math.max(0, patienceMs - heldMs));
        await client.drained();
        clearTimeout(timer);
        clients.set(client, heldMs + now() - startedMs);
      }),
    );
  }

  function reach(current: Run, token: string): void {
    if (current !== run) return;
    lostInARow = 0;
    current.token = token;
    for (const client of current.clients.keys()) {
      client.advance(token);
      if (client.isClosed) current.clients.delete(client);
    }
    const floor = ring.floor();
    if (floor !== null && token < floor && current.clients.size > 0) return;
    finish(current);
    for (const client of current.clients.keys()) client.follow();
  }

  function fail(current: Run, error: unknown): void {
    if (current !== run) return;
    if (!(error instanceof ResumeLostError)) {
      onTrouble(error);
      return;
    }
    const toldCount = 2 ** lostInARow;
    lostInARow += 1;
    for (const [index, client] of sortByToken(current.clients.keys()).entries()) {
      if (index < toldCount || client.token === current.from) {
        client.reset('The position is unknown or too old.');
      } else waiting.add(client);
    }
    finish(current);
  }

  function finish(current: Run): void {
    run = undefined;
    // Not awaited: the stream may be waiting for the very call that ends it.
    current.watch.close().catch(onTrouble);
    gather();
  }

  return {
    add,
    async close() {
      closed = true;
      clearTimeout(gathering?.timer);
      await run?.watch.close();
    },
  };
}

/** Sorts clients by their token, the oldest first; every late client has one. */
function sortByToken(clients: Iterable<LateClient>): LateClient[] {
  return [...clients].sort(({ token: a }, { token: b }) => ((a ?? '') < (b ?? '') ? -1 : 1));
}
