/**
 * One run of polling a source:
 *
 *  1. A paused source is not polled. The lease of the source is taken and kept by a timer; while another run holds
 *     it, the source has asked another scheduler to wait, or its breaker is open, this one has nothing to do.
 *  2. The history gets an entry that the run is under way.
 *  3. From the checkpoint follows what to ask for (`walkPages`). A page is fetched, tried again if need be, and read;
 *     its records become events and are kept as any other (group commit); those that cannot be taken are kept among
 *     the rejections.
 *  4. Only then the checkpoint is saved, compare-and-set: a run that lost its lease changes nothing.
 *  5. Pages follow until the source has no more, asks us to wait, is paused, changed or deleted, the lease is lost, or
 *     the process is about to end.
 *  6. The history is told what came of it, and until when the source asks us to wait. The lease is released; during
 *     such a wait it is kept instead, so that no scheduler asks sooner, but for a source that was changed since.
 */
import type { PollCheckpoint, PollProgress } from '@sluice/contracts/poll';
import { isManualSlot } from '@sluice/contracts/poll';
import type { Rejection } from '@sluice/contracts/rejection';
import type { PollSource } from '@sluice/contracts/source';
import type { GroupCommit } from '@sluice/protocol/group-commit';
import type { Logger } from '@sluice/runtime/logger';
import { PollAuthError, toAuthHeaders } from '@sluice/sources/poll/auth';
import { createCursor } from '@sluice/sources/poll/cursors';
import { FetchPageError } from '@sluice/sources/poll/fetch-page';
import { AnswerError } from '@sluice/sources/poll/formats/item';
import { keepLease, type LeaseKeeper } from '@sluice/store/lease-keeper';
import { type Answer, createPageReader } from './page-reader.ts';
import { RefusedError, walkPages } from './page-walk.ts';
import type { PollBreakers } from './poll-breakers.ts';
import type { PollHistory } from './poll-history.ts';
import { createPollTally, type PollTally } from './poll-tally.ts';
import { createPollWaits } from './poll-waits.ts';
import { type KeepablePage, toKeepable } from './polled-record.ts';
import { createRefusedRecords, type RefusedInRun } from './refused-records.ts';

/** What polling needs of the stores. */
export type PollStore = {
  /** Takes the right to poll a source; null while another run has it, or the source asked another to wait. */
  acquire(source: PollSource): Promise<PollLease | null>;
  /** Returns how long nobody gets that right because the source, as it is, asked another to wait, in ms; else 0. */
  readWaitMs(source: PollSource): Promise<number>;
  readCheckpoint(source: string): Promise<StoredCheckpoint>;
  /** Returns the new revision; null when somebody else saved since `revision`. */
  saveCheckpoint(source: string, checkpoint: PollCheckpoint, revision: number): Promise<number | null>;
};

type StoredCheckpoint = { readonly checkpoint: PollCheckpoint; readonly revision: number };

export type PollLease = {
  /** Prolongs the lease; false when it is lost. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
  /** Lets go of the lease, which nobody gets for so long unless the source is changed. */
  retire(forMs: number): Promise<void>;
};

/** How a run ends, or why it did not begin: as in the history (`POLL_OUTCOMES`). */
type PollEnd =
  | { readonly kind: 'polled' | 'with-rejections' | 'partial' | 'left' | 'lost' | 'paused' | 'busy' | 'open' }
  | { readonly kind: 'waiting'; readonly untilMs: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** What came of a run; without `progress` it did not begin. */
export type PollResult = PollEnd & { readonly progress?: PollProgress };

export type PollRunOptions = {
  readonly store: PollStore;
  readonly history: PollHistory;
  readonly breakers: PollBreakers;
  readonly commit: Pick<GroupCommit, 'submit'>;
  /** Keeps records that cannot be taken. */
  readonly reject: (rejections: readonly Rejection[]) => Promise<void>;
  readonly isPaused: (source: string) => boolean;
  /** Tells whether the source is active and was not changed since it was found. */
  readonly isActive: (source: PollSource) => boolean;
  /** Reads a variable that holds a source's secret. */
  readonly readEnv: (name: string) => string | undefined;
  readonly logger: Logger;
  readonly now: () => number;
  /** How long a lease lasts without a renewal, in ms. */
  readonly leaseMs: number;
  /** How long a source may take to answer, in ms. */
  readonly fetchTimeoutMs: number;
  /** Ends a run early. */
  readonly signal: AbortSignal;
};

/** Pages that one run reads at most; the next run goes on. */
const MAX_PAGES = 1000;

/** Records that are kept at once. */
const PORTION = 400;

/** As many of the records that a page holds and that cannot be taken are named in the log. */
const TOLD_RECORDS = 5;

type Run = {
  readonly source: PollSource;
  readonly keeper: LeaseKeeper;
  readonly tally: PollTally;
  readonly refused: RefusedInRun;
};

/** Creates the function that polls a source once, for a slot. It rejects only when a store is away. */
export function createPollRun(
  options: PollRunOptions,
): (source: PollSource, slot: number) => Promise<PollResult> {
  const { store, history, breakers, commit, logger, now, signal } = options;
  const waits = createPollWaits();
  const beginRefusing = createRefusedRecords({ write: options.reject, now });

  async function poll(source: PollSource, slot: number): Promise<PollResult> {
    if (signal.aborted) return { kind: 'left' };
    if (options.isPaused(source.id)) return { kind: 'paused' };
    if (waits.leftMs(source) > 0) return toWaiting(source);
    const askedMs = performance.now();
    const lease = await store.acquire(source);
    if (lease === null) return refuse(source);
    const keeper = keepLease(lease, { leaseMs: options.leaseMs, askedMs, closing: signal });
    try {
      const begin = () => runOnce(source, slot, keeper);
      // Whoever asks for a poll wants to see what the source says now.
      return await (isManualSlot(slot) ? breakers.force(source, begin) : breakers.run(source, begin));
    } finally {
      await keeper.stop();
      await letGo(lease, source);
    }
  }

  /** Whoever the source asked to wait may have been another scheduler: from now on this one knows, too. */
  async function refuse(source: PollSource): Promise<PollEnd> {
    const waitMs = await store.readWaitMs(source);
    if (waitMs === 0) return { kind: 'busy' };
    waits.add(source, waitMs);
    return toWaiting(source);
  }

  function toWaiting(source: PollSource): PollEnd {
    return { kind: 'waiting', untilMs: now() + waits.leftMs(source) };
  }

  /** What came of the run stands, whether or not the lease could be released: it runs out by itself. */
  async function letGo(lease: PollLease, source: PollSource): Promise<void> {
    const waitMs = waits.leftMs(source);
    try {
      await (waitMs > 0 ? lease.retire(waitMs) : lease.release());
    } catch (err) {
      logger.warn({ err, source: source.id }, 'poll-lease.not-released');
    }
  }

  async function runOnce(source: PollSource, slot: number, keeper: LeaseKeeper): Promise<PollResult> {
    const cursor = createCursor(source);
    const start = await store.readCheckpoint(source.id);
    const at = { source: source.id, slot, cursor: cursor.describe(start.checkpoint) };
    const entry = await history.begin(at);
    const run = { source, keeper, tally: createPollTally(), refused: beginRefusing(source, slot) };
    const reached = { checkpoint: start.checkpoint };
    let end: PollEnd = { kind: 'failed', reason: 'A store is away.' };
    try {
      end = await readPages(run, start, reached);
    } catch (error) {
      end = toEnd(error, source, keeper);
    } finally {
      const error = end.kind === 'failed' ? end.reason : null;
      const cursorAfter = cursor.describe(reached.checkpoint);
      const waitingUntil = toWaitEnd(end, source);
      const progress = run.tally.read();
      await entry.end({ outcome: end.kind, progress, cursor: cursorAfter, error, waitingUntil });
    }
    return { ...end, progress: run.tally.read() };
  }

  /** A run that read everything may have used a rate limit up: whatever came of it, nobody asks before that. */
  function toWaitEnd(end: PollEnd, source: PollSource): Date | undefined {
    if (end.kind === 'waiting') return new Date(end.untilMs);
    const leftMs = waits.leftMs(source);
    return leftMs > 0 ? new Date(now() + leftMs) : undefined;
  }

  async function readPages(
    run: Run,
    start: StoredCheckpoint,
    reached: { checkpoint: PollCheckpoint },
  ): Promise<PollEnd> {
    const { source, keeper, tally } = run;
    const headers = toAuthHeaders(source, options.readEnv);
    const { fetchTimeoutMs } = options;
    const fetchPage = createPageReader({ source, headers, fetchTimeoutMs, signal: keeper.signal, now });
    let { revision } = start;
    const end = await walkPages<PollEnd>(
      {
        cursor: createCursor(source),
        read: async (url) => keepPage(run, await fetchPage(url)),
        async save(checkpoint) {
          const saved = await store.saveCheckpoint(source.id, checkpoint, revision);
          if (saved === null) return false;
          revision = saved;
          reached.checkpoint = checkpoint;
          return true;
        },
        findEnd: () => findEnd(run),
        addProblem: tally.addProblem,
      },
      start.checkpoint,
    );
    if (typeof end !== 'string') return end;
    if (end !== 'done') return { kind: end };
    return { kind: tally.read().rejected === 0 ? 'polled' : 'with-rejections' };
  }

  /** Tells why a run is to end although the source may have more; null while it is not. */
  function findEnd({ source, keeper, tally }: Run): PollEnd | null {
    if (keeper.signal.aborted) return { kind: keeper.isLost() ? 'lost' : 'left' };
    if (!options.isActive(source)) return { kind: 'left' };
    if (options.isPaused(source.id)) return { kind: 'paused' };
    if (waits.leftMs(source) > 0) return toWaiting(source);
    return tally.read().pages >= MAX_PAGES ? { kind: 'partial' } : null;
  }

  /** Keeps the records of an answer, whatever they are; notes how long the source asks us to wait. */
  async function keepPage(run: Run, answer: Answer): Promise<Answer> {
    const { source, tally } = run;
    if (answer.waitMs !== null) waits.add(source, answer.waitMs);
    if (answer.kind === 'page') {
      const page = await toKeepable(source, answer.page, now());
      tally.readPage();
      const accepted = await keepEvents(page);
      tally.keep(page.events.length, accepted);
      await keepRefused(run, page);
    }
    return answer;
  }

  /** Until they are kept (the first thousand of a run) the cursor stays where it is: nobody would ask for them again. */
  async function keepRefused({ source, tally, refused: inRun }: Run, { refused }: KeepablePage) {
    if (refused.length === 0) return;
    for (const { detail } of refused) tally.addProblem(detail);
    tally.reject(await inRun.keep(refused));
    const first = refused.slice(0, TOLD_RECORDS).map(({ detail }) => detail);
    logger.warn({ source: source.id, count: refused.length, first }, 'records.refused');
  }

  /** Keeps every event of a page and returns how many were new. */
  async function keepEvents({ events }: KeepablePage): Promise<number> {
    let accepted = 0;
    // In portions: heartbeats, and other sources, must not wait until a huge page is kept.
    for (let begin = 0; begin < events.length; begin += PORTION) {
      const portion = events.slice(begin, begin + PORTION);
      const kept = await Promise.all(portion.map((event) => commit.submit(event)));
      accepted += kept.filter(({ duplicate }) => !duplicate).length;
    }
    return accepted;
  }

  /** Tells what an error makes of a run; one that is not the source's goes on to whoever asked for the poll. */
  function toEnd(error: unknown, source: PollSource, keeper: LeaseKeeper): PollEnd {
    if (error instanceof FetchPageError && keeper.signal.aborted) {
      return { kind: keeper.isLost() ? 'lost' : 'left' };
    }
    if (error instanceof RefusedError && error.waitMs !== null) {
      return toWaiting(source);
    }
    const isOurs = [RefusedError, FetchPageError, AnswerError, PollAuthError].some(
      (kind) => error instanceof kind,
    );
    if (isOurs && error instanceof Error) return { kind: 'failed', reason: error.message };
    throw error;
  }

  return poll;
}
