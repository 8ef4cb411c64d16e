/*
 * What every kind of cursor can do. A run reads pages until its cursor says that it is done. Between two requests a
 * source's records may move from page to page; where that could hide one, the cursor names another page to look at
 * first (the probe), and a page counts as read only after that look.
 */
import type { PollCheckpoint } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';
import type { AnswerError } from './formats/item.ts';
import type { Page } from './records.ts';

/** What a page brought. */
export type PageResult = Pick<
  Page,
  'records' | 'positions' | 'count' | 'highest' | 'fingerprint' | 'edges' | 'holds' | 'next'
> & {
  /** The address that was asked. */
  readonly url: URL;
  /** The next address in the Link header. */
  readonly link: string | undefined;
  /** The source's own time when it was asked, epoch ms; null when it tells none. */
  readonly dateMs: number | null;
  /** Our own time when it was asked, epoch ms. */
  readonly requestedAtMs: number;
  /** Set when an earlier page of this run held the same. */
  readonly isRepeat: boolean;
  /** Every address that this run asked. */
  readonly visited: ReadonlySet<string>;
};

/** Where polling stands after a page, and whether the run is over; a problem is told, and stops nothing. */
export type Step = { readonly checkpoint: PollCheckpoint; readonly done: boolean; readonly problem?: string };

/**
 * A page to look at before another counts as read: `ok`, it does; `again`, it does not and is left to the next run;
 * `restart`, records moved further than a page, and the run begins anew; a step, what follows is known already; another
 * probe, that one is to be looked at too.
 */
export type Probe = {
  readonly url: URL;
  /** @throws AnswerError when the answer contradicts the source's declaration */
  judge(page: Pick<Page, 'count' | 'fingerprint' | 'holds' | 'highest'>): Verdict | Probe;
};

/** What a look at another page came to. */
export type Verdict = 'ok' | 'again' | 'restart' | Step;

/** Where polling stands after a request that the source refused, and why that ends the run. */
export type Refused = { readonly checkpoint: PollCheckpoint; readonly error: AnswerError };

/** The cursor of one source. A checkpoint of another kind, from before its declaration changed, is the beginning. */
export type Cursor = {
  /** Builds the address to ask next. */
  toUrl(checkpoint: PollCheckpoint): URL;
  /** Names what to look at before the page counts as read; null for nothing. */
  toProbe(checkpoint: PollCheckpoint, page: PageResult): Probe | null;
  /**
   * Returns where polling stands once the page's records are safe.
   *
   * @throws AnswerError when the answer contradicts the source's declaration
   */
  advance(checkpoint: PollCheckpoint, page: PageResult): Step;
  /** Returns the beginning of a run, with everything forgotten that this run read. */
  restart(checkpoint: PollCheckpoint): PollCheckpoint;
  /** Tells where polling stands, for a person; null while that is the beginning. */
  describe(checkpoint: PollCheckpoint): string | null;
  /** Tells what it means that the source refuses what a checkpoint asks for as wrong; null for nothing more. */
  toRefused?(checkpoint: PollCheckpoint): Refused | null;
};

/** What a cursor must know of its source. */
export type CursorSource = Pick<PollSource, 'url' | 'pageParam' | 'limitParam' | 'pageSize'>;
