/**
 * The one way of documents to the backup. The feed, full syncs and retries hand over which documents to copy; what is
 * copied is read here, where the feed did not tell it.
 *
 *  1. Work waits in two lines, the feed's and the others'; they take turns.
 *  2. One reader reads the documents of one piece of work after the other, and is one portion ahead of the writer. It
 *     has all of them as of the time up to which the feed told of changes: after each piece of work the backup is
 *     what the primary was then, and a document never goes back in time.
 *  3. The primary knows its past for some minutes. When the feed is further behind, documents are read as of now until
 *     the feed has come there. What they were read as of is kept with the position: until it is behind that time, the
 *     backup is a mixture.
 *  4. One writer writes each portion, which mostly is a whole piece of work, as one bulk. The last one of the feed's
 *     work moves the position.
 *  5. A refused bulk is split until the refused documents are alone; they are noted before the position moves on. One
 *     that is too large for the line is split too, and the next portions are smaller.
 *  6. While a store is away both wait, with growing pauses, and whoever handed work over waits with them.
 *  7. When the lease is lost, everything that waits is refused.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from '@sluice/store/connection';
import type { Timestamp } from 'mongodb';
import { createBackoff } from './backoff.ts';
import { readClusterTime, toStartTime } from './changes/cluster-time.ts';
import type { PendingByCollection } from './pending-changes.ts';
import { LeaseLostError } from './ports.ts';
import type { PositionMove } from './position.ts';
import { readAhead } from './read-ahead.ts';
import {
  createDocumentReader,
  type DocumentWrite,
  type ReadPortion,
  SnapshotGoneError,
} from './read-documents.ts';
import { unlessLost } from './unless-lost.ts';
import type { Bulk, BulkResult, BulkWriter } from './write-bulk.ts';

/** A document that the backup refused, alone. */
export type RefusedWrite = DocumentWrite & { readonly code: string; readonly message: string };

/** What became of a bulk, for logs and metrics. */
export type AppliedBulk = {
  readonly writes: readonly DocumentWrite[];
  readonly refused: readonly RefusedWrite[];
  readonly conflicts: number;
  /** When the work was handed over, by `performance.now()`. */
  readonly createdMs: number;
  /** What its writing took. */
  readonly durationMs: number;
};

export type ApplyLoopOptions = {
  readonly primary: StoreConnection;
  readonly writer: BulkWriter;
  /** As of when documents on the backup were read at the latest; null when nobody knows. */
  readonly readTo: Timestamp | null;
  /** Notes refused documents before the position moves past them; may reject with DependencyAwayError. */
  readonly noteRefused: (refused: readonly RefusedWrite[]) => Promise<void>;
  /** Is told of every bulk, and of documents that are copied. */
  readonly onApplied: (bulk: AppliedBulk) => void;
  /** Is told when a store is away, each time that it is tried. */
  readonly onAway: (error: DependencyAwayError) => void;
  readonly signal: AbortSignal;
};

/** What becomes of handed over documents. */
type Outcome = { readonly synced: number; readonly refused: number; readonly bytes: number };

export type ApplyLoop = {
  /** Rejects with what ended the loop, LeaseLostError for one; never resolves. */
  readonly failed: Promise<never>;
  /**
   * Copies changed documents, of which the first changed at `oldestAt`, and then moves the position; resolves when that
   * is done. @throws LeaseLostError
   */
  applyChanges(pending: PendingByCollection, move: PositionMove, oldestAt: Date): Promise<Outcome>;
  /** Copies documents that somebody other than the feed asks for. @throws LeaseLostError */
  applyDocuments(pending: PendingByCollection): Promise<Outcome>;
  /** Resolves when nothing is being done any more; work that waits is refused. */
  stop(): Promise<void>;
};

type Work = {
  readonly pending: PendingByCollection;
  readonly move?: PositionMove;
  /** When the first of the changes was made. */
  readonly oldestAt?: Date;
  readonly createdMs: number;
  /** Documents that were read; they are counted once, also when the rest has to be read again. */
  readonly handedOn: Set<string>;
  synced: number;
  refused: number;
  bytes: number;
  readonly done: PromiseWithResolvers<Outcome>;
};

type Portion = ReadPortion & {
  readonly work: Work;
  /** As of when they were read. */
  readonly readTo: Timestamp;
  readonly isLast: boolean;
};

type Unwritten = Exclude<BulkResult, { readonly kind: 'written' }>;

/** How much is handed on at once, so that what belongs together reaches the backup in one bulk. */
export const BULK_BYTES = 8 * 1024 * 1024;

/** What reaches the backup within the time of a bulk by any line that is of use. */
const SMALL_BYTES = 1024 * 1024;

/**
 * What is handed on at once of what belongs together with nothing. Three portions are in memory, decoded, and the longer
 * they are the more of that the garbage collector takes for what stays.
 */
const ALONE_BYTES = 256 * 1024;

/** A bulk that takes less than that shows that a larger one may be tried, in ms. */
const QUICK_MS = 3000;

/** Starts the loop. */
export function startApplyLoop(options: ApplyLoopOptions): ApplyLoop {
  const { primary, writer, noteRefused, onApplied, onAway } = options;
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  const reader = createDocumentReader(primary);
  const changes: Work[] = [];
  const documents: Work[] = [];
  const inHand = new Set<Work>();
  let wake = Promise.withResolvers<void>();
  let isDocumentsTurn = false;
  let { readTo } = options;
  let portionBytes = BULK_BYTES;
  /** Until then others than the feed copied documents that the feed tells of as new later on. */
  let documentsUntil = new Date(0);
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  let ended: { readonly error: unknown } | null = null;
  const running = run();

  function add(
    line: Work[],
    given: Pick<Work, 'pending'> & Partial<Pick<Work, 'move' | 'oldestAt'>>,
  ): Promise<Outcome> {
    const work: Work = {
      ...given,
      createdMs: performance.now(),
      handedOn: new Set(),
      synced: 0,
      refused: 0,
      bytes: 0,
      done: Promise.withResolvers(),
    };
    if (ended !== null) work.done.reject(ended.error);
    else {
      inHand.add(work);
      line.push(work);
      wake.resolve();
    }
    return work.done.promise.finally(() => inHand.delete(work));
  }

  /** Never rejects. */
  async function run(): Promise<void> {
    try {
      for await (const portion of readAhead(readPortions())) {
        await writePortion(portion).catch((error: unknown) => {
          // The reader may wait for work that will never come.
          stopping.abort();
          throw error;
        });
      }
    } catch (error) {
      ended = { error };
      for (const work of inHand) work.done.reject(error);
      fail(error);
    } finally {
      await reader.close();
    }
  }

  /** The feed goes first when both lines have work, but only every other time. */
  async function takeWork(): Promise<Work> {
    for (;;) {
      const [first, second] = isDocumentsTurn ? [documents, changes] : [changes, documents];
      const work = first?.shift() ?? second?.shift();
      if (work !== undefined) {
        isDocumentsTurn = work.move !== undefined;
        return work;
      }
      wake = Promise.withResolvers();
      await unlessLost(wake.promise, signal);
    }
  }

  async function* readPortions(): AsyncGenerator<Portion> {
    for (;;) {
      const work = await takeWork();
      const seenTo = work.move?.start ? toStartTime(work.move.start) : null;
      if (seenTo !== null && !readTo?.greaterThan(seenTo)) readTo = seenTo;
      const backoff = createBackoff();
      let held: Portion | undefined;
      for (let isRead = false; !isRead; ) {
        try {
          readTo ??= await readClusterTime(primary);
          const left = toLeft(work.pending, work.handedOn);
          const most = work.move === undefined ? ALONE_BYTES : portionBytes;
          const asTold = work.move?.appliedTo?.equals(readTo) ?? false;
          for await (const read of reader.read(left, { at: readTo, asTold, portionBytes: most, signal })) {
            if (held !== undefined) yield held;
            for (const { collection, key } of read.writes) work.handedOn.add(toKey(collection, key));
            held = { ...read, work, readTo, isLast: false };
          }
          isRead = true;
        } catch (error) {
          if (signal.aborted) throw new LeaseLostError('This replicator is not the active one any more.');
          if (error instanceof SnapshotGoneError) readTo = null;
          else if (error instanceof DependencyAwayError) await wait(error, backoff.next());
          else throw error;
        }
      }
      if (held !== undefined) yield { ...held, isLast: true };
    }
  }

  async function wait(error: DependencyAwayError, pauseMs: number): Promise<void> {
    onAway(error);
    await unlessLost(pause(pauseMs), signal);
  }

  async function writePortion(portion: Portion): Promise<void> {
    const { work, writes, isLast } = portion;
    const startedMs = performance.now();
    const move = isLast && work.move !== undefined ? { move: work.move } : {};
    const result = await write(portion, { writes, ...move });
    const refused: RefusedWrite[] = [];
    let conflicts = 0;
    if (result.kind === 'written') {
      conflicts = result.conflicts;
      if (performance.now() - startedMs < QUICK_MS) portionBytes = Math.min(portionBytes * 2, BULK_BYTES);
    } else {
      if (result.kind === 'slow') portionBytes = Math.max(portionBytes / 2, SMALL_BYTES);
      conflicts = await isolate(portion, writes, result, refused);
      await untilThere(() => noteRefused(refused));
      const moved = await write(portion, { writes: [], ...move, failed: countChanges(refused) });
      if (moved.kind === 'refused') throw new Error(`The backup refuses the position: ${moved.message}`);
    }
    work.refused += refused.length;
    work.synced += writes.length - refused.length;
    work.bytes += portion.bytes;
    if (work.move === undefined) documentsUntil = new Date();
    onApplied({
      ...{ writes, refused, conflicts, createdMs: work.createdMs },
      durationMs: performance.now() - startedMs,
    });
    const { synced, bytes } = work;
    if (isLast) work.done.resolve({ synced, refused: work.refused, bytes });
  }

  /** Writes all that can be written of a bulk that could not, in parts, and returns the conflicts that it met. */
  async function isolate(
    portion: Portion,
    writes: readonly DocumentWrite[],
    why: Unwritten,
    refused: RefusedWrite[],
  ): Promise<number> {
    const [only] = writes;
    if (only === undefined) throw new Error('The backup does not take a bulk without documents.');
    if (writes.length === 1 && why.kind === 'refused') {
      refused.push({ ...only, code: why.code, message: why.message });
      return 0;
    }
    let conflicts = 0;
    for (const part of split(writes, why.kind === 'refused' ? why.index : null)) {
      const result = await write(portion, { writes: part });
      if (result.kind === 'written') conflicts += result.conflicts;
      else conflicts += await isolate(portion, part, result, refused);
    }
    return conflicts;
  }

  async function write(
    { work, readTo }: Portion,
    bulk: Pick<Bulk, 'writes'> & Partial<Pick<Bulk, 'move' | 'failed'>>,
  ): Promise<BulkResult> {
    if (bulk.writes.length === 0 && bulk.move === undefined && bulk.failed === undefined) {
      return { kind: 'written', conflicts: 0 };
    }
    const countsConflicts = work.oldestAt !== undefined && work.oldestAt > documentsUntil;
    const { createdMs } = work;
    return untilThere(() => writer.write({ failed: 0, ...bulk, readTo, createdMs, countsConflicts }));
  }

  /** Tries again as long as a store is away. */
  async function untilThere<Result>(step: () => Promise<Result>): Promise<Result> {
    const backoff = createBackoff();
    for (;;) {
      try {
        return await unlessLost(step(), signal);
      } catch (error) {
        if (!(error instanceof DependencyAwayError)) throw error;
        await wait(error, backoff.next());
      }
    }
  }

  return {
    failed,
    applyChanges: (pending, move, oldestAt) => add(changes, { pending, move, oldestAt }),
    applyDocuments: (pending) => add(documents, { pending }),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** The documents of a piece of work that were not handed on yet. */
function toLeft(pending: PendingByCollection, handedOn: ReadonlySet<string>): PendingByCollection {
  if (handedOn.size === 0) return pending;
  return new Map(
    [...pending].map(([collection, documents]) => [
      collection,
      documents.filter(({ key }) => !handedOn.has(toKey(collection, key))),
    ]),
  );
}

function toKey(collection: string, key: string): string {
  return `${collection}\0${key}`;
}

/** Cuts a bulk around the write that was refused, or in the middle when nobody knows which one that is. */
function split(
  writes: readonly DocumentWrite[],
  index: number | null,
): readonly (readonly DocumentWrite[])[] {
  const middle = Math.floor(writes.length / 2);
  const parts =
    index === null
      ? [writes.slice(0, middle), writes.slice(middle)]
      : [writes.slice(0, index), writes.slice(index, index + 1), writes.slice(index + 1)];
  return parts.filter((part) => part.length > 0);
}

function countChanges(writes: readonly DocumentWrite[]): number {
  return writes.reduce((sum, { changes }) => sum + changes, 0);
}
