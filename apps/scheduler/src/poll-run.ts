/**
 * One run of polling a source:
 *
 *  1. The lease of the source is taken; while another run holds it, this one has nothing to do.
 *  2. From the checkpoint follow the page and the cursor to ask for.
 *  3. A page is fetched and read; its records become events and are kept as any other (group commit).
 *  4. Only then the checkpoint is saved, compare-and-set: a run that lost its lease changes nothing.
 *  5. Pages follow until the source has no more, asks us to wait, the lease is lost, or the process is about to end.
 *  6. The lease is released; while the source asks us to wait it is kept instead, so that no scheduler asks sooner.
 */
import type { AcceptedEvent } from '@sluice/contracts/event';
import type { PollCheckpoint } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';
import type { GroupCommit } from '@sluice/protocol/group-commit';
import type { Logger } from '@sluice/runtime/logger';
import { advance, toRequest } from '@sluice/sources/poll/cursor';
import { FetchPageError, fetchPage } from '@sluice/sources/poll/fetch-page';
import { toPageUrl } from '@sluice/sources/poll/page-request';
import { AnswerError, type Page, readRecords } from '@sluice/sources/poll/records';
import { toRecordEvent } from './polled-record.ts';

/** What polling needs of the stores. */
export type PollStore = {
  /** Takes the right to poll a source; null while another run has it. */
  acquire(source: string): Promise<PollLease | null>;
  readCheckpoint(source: string): Promise<{ readonly checkpoint: PollCheckpoint; readonly revision: number }>;
  /** Returns the new revision; null when somebody else saved since `revision`. */
  saveCheckpoint(source: string, checkpoint: PollCheckpoint, revision: number): Promise<number | null>;
};

export type PollLease = {
  /** Prolongs the lease; false when it is lost. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
  /** Lets go of the lease, which nobody gets for so long. */
  retire(forMs: number): Promise<void>;
};

/** What came of a run. */
export type PollResult =
  | { readonly kind: 'polled'; readonly pages: number; readonly records: number; readonly accepted: number }
  /** Another run of the source is under way. */
  | { readonly kind: 'busy' }
  /** The source asked us to wait. */
  | { readonly kind: 'waiting'; readonly untilMs: number }
  /** The run was broken off because the process is about to end. */
  | { readonly kind: 'left' }
  | { readonly kind: 'failed'; readonly reason: string };

export type PollRunOptions = {
  readonly store: PollStore;
  readonly commit: Pick<GroupCommit, 'submit'>;
  readonly logger: Logger;
  readonly now: () => number;
  /** How long a source may take to answer, in ms; shorter than a lease lasts. */
  readonly fetchTimeoutMs: number;
  /** Ends a run early. */
  readonly signal: AbortSignal;
};

/** Pages that one run reads at most; the next run goes on. */
const MAX_PAGES = 1000;

/** Records that are kept at once. */
const PORTION = 400;

/** Creates the function that polls a source once. It rejects only when a store is away. */
export function createPollRun(options: PollRunOptions): (source: PollSource) => Promise<PollResult> {
  const { store, commit, logger, now, fetchTimeoutMs, signal } = options;
  const waitUntilMs = new Map<string, number>();

  async function poll(source: PollSource): Promise<PollResult> {
    const untilMs = waitUntilMs.get(source.id) ?? 0;
    if (now() < untilMs) return { kind: 'waiting', untilMs };
    const lease = await store.acquire(source.id);
    if (lease === null) return { kind: 'busy' };
    try {
      return await readPages(source, lease);
    } catch (error) {
      if (error instanceof FetchPageError && signal.aborted) return { kind: 'left' };
      if (error instanceof FetchPageError || error instanceof AnswerError) {
        return { kind: 'failed', reason: error.message };
      }
      throw error;
    } finally {
      const waitMs = (waitUntilMs.get(source.id) ?? 0) - now();
      await (waitMs > 0 ? lease.retire(waitMs) : lease.release());
    }
  }

  async function readPages(source: PollSource, lease: PollLease): Promise<PollResult> {
    let { checkpoint, revision } = await store.readCheckpoint(source.id);
    let records = 0;
    let accepted = 0;
    for (let pages = 1; ; pages += 1) {
      const url = toPageUrl(source, toRequest(source, checkpoint));
      const requestedAtMs = now();
      const answer = await fetchPage(url, {
        timeoutMs: fetchTimeoutMs,
        allowPrivate: source.allowPrivate,
        signal,
      });
      if (answer.waitMs !== null) waitUntilMs.set(source.id, now() + answer.waitMs);
      if (answer.kind === 'refused')
        return { kind: 'failed', reason: `The source answered ${answer.status}.` };
      const page = answer.kind === 'page' ? readRecords(answer.text, source) : EMPTY_PAGE;
      records += page.records.length;
      accepted += await keepAll(source, page);
      const next = advance(source, checkpoint, {
        recordCount: page.records.length,
        highest: page.highest,
        dateMs: answer.dateMs,
        requestedAtMs,
        fingerprint: page.fingerprint,
      });
      const saved = await store.saveCheckpoint(source.id, next.checkpoint, revision);
      const result: PollResult = { kind: 'polled', pages, records, accepted };
      if (saved === null || next.done || pages === MAX_PAGES || signal.aborted) return result;
      if (answer.waitMs !== null || !(await lease.renew())) return result;
      checkpoint = next.checkpoint;
      revision = saved;
    }
  }

  /** Keeps every record of a page and returns how many were new; one that cannot be taken is told in the log. */
  async function keepAll(source: PollSource, page: Page): Promise<number> {
    for (const { index, detail } of page.problems) {
      logger.warn({ source: source.id, index, detail }, 'record.refused');
    }
    let accepted = 0;
    // In portions: heartbeats, and other sources, must not wait until a huge page is kept.
    for (let begin = 0; begin < page.records.length; begin += PORTION) {
      const events = toEvents(source, page.records.slice(begin, begin + PORTION));
      const kept = await Promise.all(events.map((event) => commit.submit(event)));
      accepted += kept.filter(({ duplicate }) => !duplicate).length;
    }
    return accepted;
  }

  function toEvents(source: PollSource, records: Page['records']): AcceptedEvent[] {
    return records.flatMap((record): AcceptedEvent[] => {
      try {
        return [toRecordEvent(source, record, now())];
      } catch (error) {
        logger.warn({ source: source.id, record: record.id, err: error }, 'record.refused');
        return [];
      }
    });
  }

  return poll;
}

const EMPTY_PAGE: Page = { records: [], problems: [], highest: null, fingerprint: '' };
