/**
 * One run of polling a source:
 *
 *  1. A paused source is not polled. The lease of the source is taken and kept by a timer; while another run holds
 *     it, or the source's breaker is open, this one has nothing to do.
 *  2. The history gets an entry that the run is under way.
 *  3. From the checkpoint follows what to ask for (`walkPages`). A page is fetched, tried again if need be, and read;
 *     its records become events and are kept as any other (group commit).
 *  4. Only then the checkpoint is saved, compare-and-set: a run that lost its lease changes nothing.
 *  5. Pages follow until the source has no more, asks us to wait, is paused, the lease is lost, or the process is
 *     about to end.
 *  6. The history is told what came of it. The lease is released; while the source asks us to wait it is kept
 *     instead, so that no scheduler asks sooner.
 */
import type { PollCheckpoint, PollProgress } from '@sluice/contracts/poll';
import { isManualSlot } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';
import type { GroupCommit } from '@sluice/protocol/group-commit';
import type { Logger } from '@sluice/runtime/logger';
import { PollAuthError, toAuthHeaders } from '@sluice/sources/poll/auth';
import { createCursor } from '@sluice/sources/poll/cursors';
import { FetchPageError } from '@sluice/sources/poll/fetch-page';
import { AnswerError } from '@sluice/sources/poll/formats/item';
import { keepLease, type LeaseKeeper } from './lease-keeper.ts';
import { type Answer, createPageReader } from './page-reader.ts';
import { RefusedError, walkPages } from './page-walk.ts';
import type { PollBreakers } from './poll-breakers.ts';
import type { PollHistory } from './poll-history.ts';
import { createPollTally, type PollTally } from './poll-tally.ts';
import { type KeepablePage, toKeepable } from './polled-record.ts';

/** What polling needs of the stores. */
export type PollStore = {
  /** Takes the right to poll a source; null while another run has it. */
  acquire(source: string): Promise<PollLease | null>;
  readCheckpoint(source: string): Promise<StoredCheckpoint>;
  /** Returns the new revision; null when somebody else saved since `revision`. */
  saveCheckpoint(source: string, checkpoint: PollCheckpoint, revision: number): Promise<number | null>;
};

type StoredCheckpoint = { readonly checkpoint: PollCheckpoint; readonly revision: number };

export type PollLease = {
  /** Prolongs the lease; false when it is lost. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
  /** Lets go of the lease, which nobody gets for so long. */
  retire(forMs: number): Promise<void>;
};

/** What came of a run. */
export type PollResult =
  /** It ended as runs do; `PollProgress` tells what it did. */
  | ({ readonly kind: 'polled' } & PollProgress)
  /** Another run of the source is under way. */
  | { readonly kind: 'busy' }
  /** The source asked us to wait. */
  | { readonly kind: 'waiting'; readonly untilMs: number }
  /** The process is about to end. */
  | { readonly kind: 'left' }
  /** Another scheduler took over. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'paused' }
  /** The source failed too often of late and is left alone for a while. */
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly reason: string };

export type PollRunOptions = {
  readonly store: PollStore;
  readonly history: PollHistory;
  readonly breakers: PollBreakers;
  readonly commit: Pick<GroupCommit, 'submit'>;
  readonly isPaused: (source: string) => boolean;
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

type Run = { readonly source: PollSource; readonly keeper: LeaseKeeper; readonly tally: PollTally };

/** Creates the function that polls a source once, for a slot. It rejects only when a store is away. */
export function createPollRun(
  options: PollRunOptions,
): (source: PollSource, slot: number) => Promise<PollResult> {
  const { store, history, breakers, commit, logger, now, signal } = options;
  const waitUntilMs = new Map<string, number>();

  async function poll(source: PollSource, slot: number): Promise<PollResult> {
    if (options.isPaused(source.id)) return { kind: 'paused' };
    const untilMs = waitUntilMs.get(source.id) ?? 0;
    if (now() < untilMs) return { kind: 'waiting', untilMs };
    const lease = await store.acquire(source.id);
    if (lease === null) return { kind: 'busy' };
    const keeper = keepLease(lease, options.leaseMs, signal);
    try {
      const begin = () => runOnce(source, slot, keeper);
      // Whoever asks for a poll wants to see what the source says now.
      return await (isManualSlot(slot) ? begin() : breakers.run(source.id, begin));
    } finally {
      await keeper.stop();
      const waitMs = (waitUntilMs.get(source.id) ?? 0) - now();
      await (waitMs > 0 ? lease.retire(waitMs) : lease.release());
    }
  }

  async function runOnce(source: PollSource, slot: number, keeper: LeaseKeeper): Promise<PollResult> {
    const cursor = createCursor(source);
    const start = await store.readCheckpoint(source.id);
    const at = { source: source.id, slot, cursor: cursor.describe(start.checkpoint) };
    const entry = await history.begin(at);
    const run = { source, keeper, tally: createPollTally() };
    const reached = { checkpoint: start.checkpoint };
    let result: PollResult = { kind: 'failed', reason: 'A store is away.' };
    try {
      result = await readPages(run, start, reached);
    } catch (error) {
      result = toResult(error, source, keeper);
    } finally {
      const error = result.kind === 'failed' ? result.reason : null;
      const end = { progress: run.tally.read(), cursor: cursor.describe(reached.checkpoint), error };
      await entry.end({ outcome: result.kind, ...end });
    }
    return result;
  }

  async function readPages(
    run: Run,
    start: StoredCheckpoint,
    reached: { checkpoint: PollCheckpoint },
  ): Promise<PollResult> {
    const { source, keeper, tally } = run;
    const headers = toAuthHeaders(source, options.readEnv);
    const { fetchTimeoutMs } = options;
    const fetchPage = createPageReader({ source, headers, fetchTimeoutMs, signal: keeper.signal, now });
    let { revision } = start;
    const end = await walkPages<PollResult['kind']>(
      {
        cursor: createCursor(source),
        read: async (url) => keepPage(run, await fetchPage(url)),
        async save(checkpoint) {
          const saved = await store.saveCheckpoint(source.id, checkpoint, revision);
          if (saved === null) return 'lost';
          revision = saved;
          reached.checkpoint = checkpoint;
          if (keeper.signal.aborted) return keeper.isLost() ? 'lost' : 'left';
          if (options.isPaused(source.id)) return 'paused';
          const isWaiting = now() < (waitUntilMs.get(source.id) ?? 0);
          return isWaiting || tally.read().pages >= MAX_PAGES ? 'polled' : 'onward';
        },
        addProblem: tally.addProblem,
      },
      start.checkpoint,
    );
    return end === 'lost' || end === 'left' || end === 'paused'
      ? { kind: end }
      : { kind: 'polled', ...tally.read() };
  }

  /** Keeps the records of an answer; notes how long the source asks us to wait. */
  async function keepPage({ source, tally }: Run, answer: Answer): Promise<Answer> {
    if (answer.waitMs !== null) waitUntilMs.set(source.id, now() + answer.waitMs);
    if (answer.kind === 'page') {
      const page = toKeepable(source, answer.page, now());
      tally.readPage();
      for (const { detail } of page.problems) tally.addProblem(detail);
      let accepted = 0;
      accepted += await keepAll(source, page);
      tally.keep(page.events.length, accepted);
    }
    return answer;
  }

  /** Keeps every event of a page and returns how many were new; what cannot be taken is told in the log. */
  async function keepAll(source: PollSource, { events, problems }: KeepablePage): Promise<number> {
    for (const problem of problems) logger.warn({ source: source.id, ...problem }, 'record.refused');
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
  function toResult(error: unknown, source: PollSource, keeper: LeaseKeeper): PollResult {
    if (error instanceof FetchPageError && keeper.signal.aborted) {
      return { kind: keeper.isLost() ? 'lost' : 'left' };
    }
    if (error instanceof RefusedError && error.waitMs !== null) {
      return { kind: 'waiting', untilMs: waitUntilMs.get(source.id) ?? now() };
    }
    const isOurs = [RefusedError, FetchPageError, AnswerError, PollAuthError].some(
      (kind) => error instanceof kind,
    );
    if (isOurs && error instanceof Error) return { kind: 'failed', reason: error.message };
    throw error;
  }

  return poll;
}
