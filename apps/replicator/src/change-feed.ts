/**
 * The feed: from the primary's changes to the apply loop.
 *
 *  1. The stream is opened behind the position. While the primary is away it is opened again, with growing pauses, and
 *     before that it is looked whether the primary is still where the position is.
 *  2. Changes are gathered for a moment, or until there are enough for a bulk, and merged by document. What one
 *     transaction changed is never cut in two, but where it is very large: then the position does not say that all up
 *     to its time is on the backup before its last part is.
 *  3. They are handed to the apply loop, of which two pieces of work are under way at most: while one is written the
 *     next is read, and nothing piles up in memory while the backup is away.
 *  4. While nothing changes the position follows the oplog all the same.
 *  5. A collection or database that is dropped or renamed is not copied: a person who drops one by mistake shall
 *     still have the backup. A full sync is asked for instead, before the position moves past it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from '@sluice/store/connection';
import type { Timestamp } from 'mongodb';
import { type ApplyLoop, BULK_BYTES } from './apply-loop.ts';
import { createBackoff } from './backoff.ts';
import type { Change, ChangeBatch, ChangeSource } from './changes/change.ts';
import { toStartTime } from './changes/cluster-time.ts';
import { type OpenChangesOptions, openChanges } from './changes/open-changes.ts';
import { createPendingChanges, type DocumentChange } from './pending-changes.ts';
import type { ChangeListener } from './ports.ts';
import type { PositionMove, StreamStart } from './position.ts';

export type ChangeFeedOptions = {
  readonly primary: StoreConnection;
  readonly loop: Pick<ApplyLoop, 'applyChanges'>;
  readonly start: StreamStart;
  /** As the position has them. */
  readonly appliedTo: Timestamp | null;
  readonly appliedAt: Date | null;
  readonly readFrom: Pick<OpenChangesOptions, 'excluded' | 'readsOplog' | 'onSource'>;
  readonly batchSize: number;
  readonly intervalMs: number;
  /** Rejects with PositionLostError when the primary has become an older one than the position is of. */
  readonly checkPrimary: () => Promise<void>;
  /** Adds to a move what the feed does not know. */
  readonly toMove: (move: Pick<PositionMove, 'start' | 'appliedTo' | 'appliedAt'>) => PositionMove;
  /** Asks for a full sync because collections changed. */
  readonly onCollectionsChanged: (operationType: string) => Promise<void>;
  readonly onAway: (error: DependencyAwayError) => void;
  readonly signal: AbortSignal;
};

/** How far the feed is. */
export type FeedProgress = {
  /** Changes that were read and are not on the backup yet. */
  readonly pending: number;
  /** When the oldest of them was made; null when the stream has been read to its end and all is on the backup. */
  readonly oldestAt: Date | null;
  /** All changes up to then are on the backup; null before the first time. */
  readonly appliedTo: Timestamp | null;
  readonly appliedAt: Date | null;
};

export type ChangeFeed = {
  /**
   * Resolves when the stream ended because the database was dropped, so that all has to be looked at anew.
   *
   * @throws LeaseLostError, PositionLostError
   */
  readonly ended: Promise<void>;
  progress(): FeedProgress;
  watch(listener: ChangeListener): () => void;
};

const IDLE_WAIT_MS = 1000;
const IN_FLIGHT = 2;
/** How often the position is kept while nothing changes. */
const KEEP_MS = 10_000;
/** What is left of the size of documents, with each piece of work, once they are smaller. */
const SIZE_DECAY = 0.9;

const DOCUMENT_CHANGES: ReadonlySet<string> = new Set(['insert', 'update', 'replace', 'delete']);

/** Up to where changes were gathered, and the change behind them that is not of a document. */
type Gathered = {
  readonly to: StreamStart;
  readonly breaks: Change | null;
  /** Whether they end in the midst of a transaction. */
  readonly isCut: boolean;
};

/** Starts the feed; it ends with the signal. */
export function startChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  const { primary, loop, readFrom, batchSize, intervalMs, onAway, signal } = options;
  const listeners = new Set<ChangeListener>();
  const inFlight: { readonly done: Promise<unknown>; readonly changes: number; readonly oldestAt: Date }[] =
    [];
  const pending = createPendingChanges();
  let start = options.start;
  let oldestPendingAt: Date | null = null;
  let lastAt: Date | null = null;
  let { appliedTo, appliedAt } = options;
  /** All changes up to then were handed over. */
  let handedTo = options.appliedTo;
  let bytesPerChange = 0;
  /** All changes that were made before then have been read; null while there are more, and while nobody can tell. */
  let idleSince: Date | null = null;
  let keptMs = 0;
  let failure: { readonly error: unknown } | null = null;

  async function run(): Promise<void> {
    const backoff = createBackoff();
    while (!signal.aborted) {
      let source: ChangeSource | undefined;
      try {
        await options.checkPrimary();
        source = await openChanges(primary, { ...readFrom, start, ending: signal });
        if ((await follow(source, () => backoff.reset())) === 'ended') return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof DependencyAwayError)) throw error;
        idleSince = null;
        onAway(error);
        await pause(backoff.next(), undefined, { signal }).catch(() => undefined);
      } finally {
        await source?.close();
      }
    }
  }

  /** Returns whether the stream has to be opened again, behind what ended it, or has come to its end. */
  async function follow(source: ChangeSource, onRead: () => void): Promise<'again' | 'ended'> {
    while (!signal.aborted) {
      const gathered = await gather(source);
      const { to, breaks } = gathered;
      onRead();
      await handOver(gathered);
      start = to;
      if (breaks === null) continue;
      await breakOff(breaks);
      start = breaks.behind;
      return breaks.kind === 'invalidate' ? 'ended' : 'again';
    }
    return 'again';
  }

  /** Reads changes up to the size of a bulk, for a moment at most, or up to a change that is not of a document. */
  async function gather(source: ChangeSource): Promise<Gathered> {
    const askedAt = new Date();
    const enough = toLimit();
    const first = await source.next({ limit: enough, waitMs: IDLE_WAIT_MS });
    const gathered = take(first, start);
    idleSince = first.ends === 'now' ? askedAt : null;
    if (gathered.breaks !== null || first.changes.length === 0 || first.ends !== 'now') return gathered;
    // Under a steady load one pause and one question more cost the primary less than an answer for every change.
    if (first.changes.length > enough / 2) return gathered;
    await pause(intervalMs, undefined, { signal }).catch(() => undefined);
    const againAt = new Date();
    const second = await source
      .next({ limit: enough - first.changes.length, waitMs: 1 })
      .catch((error: unknown) => {
        // What was read is not lost by it: the source that is opened next goes on behind it, as this one never reads again.
        if (error instanceof DependencyAwayError) return null;
        throw error;
      });
    if (second === null) return gathered;
    idleSince = second.ends === 'now' ? againAt : null;
    return take(second, gathered.to);
  }

  /** Large documents are gathered fewer at a time, because what was gathered is to reach the backup in one bulk. */
  function toLimit(): number {
    if (bytesPerChange === 0) return batchSize;
    return Math.max(1, Math.min(batchSize, Math.floor(BULK_BYTES / 2 / bytesPerChange)));
  }

  function take({ changes, to, ends }: ChangeBatch, behind: StreamStart): Gathered {
    let before = behind;
    for (const change of changes) {
      const found = toDocumentChange(change);
      if (found === null) return { to: before, breaks: change, isCut: false };
      before = change.behind;
      pending.add(found);
      for (const listener of listeners) listener(found.collection, found.id);
      lastAt = change.wallAt ?? new Date(change.at.t * 1000);
      oldestPendingAt ??= lastAt;
    }
    return { to, breaks: null, isCut: ends === 'within' };
  }

  /** Hands what waits to the apply loop, when that has done enough of what it has. */
  async function handOver({ to: start, breaks, isCut }: Gathered): Promise<void> {
    const oldestAt = oldestPendingAt;
    if (oldestAt === null) {
      if (breaks === null) await keepIdle(start);
      return;
    }
    await settle(IN_FLIGHT - 1);
    const to = isCut ? handedTo : toStartTime(start);
    const at = isCut ? appliedAt : lastAt;
    const changes = pending.countChanges();
    const move = options.toMove({ start, appliedTo: to, appliedAt: at });
    oldestPendingAt = null;
    handedTo = to;
    send(loop.applyChanges(pending.take(), move, oldestAt), { changes, oldestAt, to, at });
  }

  function send(
    applied: ReturnType<ApplyLoop['applyChanges']>,
    { to, at, ...work }: { changes: number; oldestAt: Date; to: Timestamp | null; at: Date | null },
  ): void {
    const done = applied.then(
      ({ bytes }) => {
        // As large as the largest lately.
        bytesPerChange = Math.max(bytes / work.changes, bytesPerChange * SIZE_DECAY);
        appliedTo = to;
        appliedAt = at;
        keptMs = performance.now();
        inFlight.splice(inFlight.indexOf(entry), 1);
      },
      (error: unknown) => {
        failure ??= { error };
      },
    );
    const entry = { done, ...work };
    inFlight.push(entry);
  }

  /** Waits until at most `count` pieces of work are under way. */
  async function settle(count: number): Promise<void> {
    while (inFlight.length > count && failure === null) await inFlight[0]?.done;
    if (failure !== null) throw failure.error;
  }

  async function keepIdle(start: StreamStart): Promise<void> {
    const to = toStartTime(start);
    await settle(IN_FLIGHT);
    if (inFlight.length > 0) return;
    handedTo = to;
    appliedTo = to;
    // Behind an answer that was full of what is not copied there may be more: as of when that is nobody knows yet.
    appliedAt = idleSince ?? appliedAt;
    if (performance.now() - keptMs < KEEP_MS) return;
    const move = options.toMove({ start, appliedTo: to, appliedAt });
    await loop.applyChanges(new Map(), move, new Date());
    keptMs = performance.now();
  }

  async function breakOff({ kind, behind }: Change): Promise<void> {
    await settle(0);
    await untilThere(() => options.onCollectionsChanged(kind));
    const to = toStartTime(behind);
    handedTo = to;
    const move = options.toMove({ start: behind, appliedTo: to, appliedAt: new Date() });
    await loop.applyChanges(new Map(), move, new Date());
  }

  async function untilThere(step: () => Promise<void>): Promise<void> {
    const backoff = createBackoff();
    while (!signal.aborted) {
      try {
        return await step();
      } catch (error) {
        if (!(error instanceof DependencyAwayError)) throw error;
        onAway(error);
        await pause(backoff.next(), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  return {
    ended: run(),
    progress: () => ({
      pending: pending.countChanges() + inFlight.reduce((sum, { changes }) => sum + changes, 0),
      oldestAt: inFlight[0]?.oldestAt ?? oldestPendingAt ?? (idleSince === null ? appliedAt : null),
      appliedTo,
      appliedAt,
    }),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function toDocumentChange({ kind, collection, id, told }: Change): DocumentChange | null {
  if (!DOCUMENT_CHANGES.has(kind) || collection === undefined || id === undefined) return null;
  return { kind: kind as DocumentChange['kind'], collection, id, told };
}
