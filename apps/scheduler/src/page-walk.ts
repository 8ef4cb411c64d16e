/*
 * The way of one run through a source's pages: ask, look again where records may have moved, and only then save how
 * far it came. Whoever walks reads and keeps the records; nothing here knows of leases or stores.
 */
import type { PollCheckpoint } from '@sluice/contracts/poll';
import type { Cursor, PageResult, Step, Verdict } from '@sluice/sources/poll/cursor-kind';
import type { Answer, PageAnswer } from './page-reader.ts';

/** Thrown when a source answers with a status that is no page. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly waitMs: number | null;

  constructor({ status, waitMs }: Extract<Answer, { readonly kind: 'refused' }>) {
    super(`The source answered ${status}.`);
    this.status = status;
    this.waitMs = waitMs;
  }
}

/** What a walk does with the world. */
export type Walk<End> = {
  readonly cursor: Cursor;
  /** Reads a page and resolves once its records are kept. */
  readonly read: (url: URL) => Promise<Answer>;
  /** Saves how far the walk came; false when somebody else has saved since. */
  readonly save: (checkpoint: PollCheckpoint) => Promise<boolean>;
  /** Tells, between two requests, why the walk is to end although the source may have more; null while it is not. */
  readonly findEnd: () => End | null;
  readonly addProblem: (detail: string) => void;
};

/** Statuses by which a source says that an address it gave us before is no longer good. */
const GONE: ReadonlySet<number> = new Set([400, 404, 410]);

/** Statuses by which a source says that what it was asked for is wrong, such as too many records at once. */
const WRONG: ReadonlySet<number> = new Set([400, 413, 416, 422]);

/** What follows a page; `isPartial` when the run ends although not everything was read. */
type WalkStep = Step & { readonly isPartial?: boolean };

/** The walk ended before a page counted as read: the next run reads it again. */
type Ended<End> = { readonly end: End };

/**
 * Reads pages from a checkpoint on, until the source has no more (`done`), records moved too often while they were
 * read (`partial`), somebody else saved (`lost`), or something else ends it.
 *
 * @throws RefusedError when the source refuses a page
 * @throws AnswerError when an answer contradicts the source's declaration, or it cannot be read further that way
 */
export async function walkPages<End>(
  { cursor, read, save, findEnd, addProblem }: Walk<End>,
  start: PollCheckpoint,
): Promise<'done' | 'partial' | 'lost' | End> {
  const visited = new Set<string>();
  const seen = new Set<string>();
  let restarts = 0;
  let checkpoint = start;

  async function step(): Promise<WalkStep | Ended<End>> {
    const url = cursor.toUrl(checkpoint);
    visited.add(url.href);
    const answer = await read(url);
    if (answer.kind === 'refused') return onRefused(answer);
    const { fingerprint } = answer.page;
    const page = { ...toResult(answer, url), isRepeat: seen.has(fingerprint), visited };
    seen.add(fingerprint);
    const verdict = await look(page);
    switch (verdict) {
      case 'ok':
        return cursor.advance(checkpoint, page);
      case 'again': {
        const problem = 'A page held what an earlier one held; it is read again.';
        return { checkpoint, done: true, isPartial: true, problem };
      }
      case 'restart':
        return restart('Records moved by more than a page while they were read.');
      default:
        return verdict;
    }
  }

  async function onRefused(answer: Extract<Answer, { readonly kind: 'refused' }>): Promise<WalkStep> {
    const { status } = answer;
    const isStored = checkpoint === start && checkpoint.kind === 'link' && cursor.describe(start) !== null;
    if (isStored && GONE.has(status)) {
      return restart(`The source answered ${status} to the address that it gave before.`);
    }
    const refused = WRONG.has(status) ? (cursor.toRefused?.(checkpoint) ?? null) : null;
    if (refused === null) throw new RefusedError(answer);
    await save(refused.checkpoint);
    throw refused.error;
  }

  async function look(page: PageResult): Promise<Verdict | Ended<End>> {
    let probe = cursor.toProbe(checkpoint, page);
    while (probe !== null) {
      // Behind the first page of a run nothing ends it: where each answer asks to wait, no run would get any further.
      const end = checkpoint === start ? null : findEnd();
      if (end !== null) return { end };
      const answer = await read(probe.url);
      if (answer.kind === 'refused') throw new RefusedError(answer);
      const verdict = probe.judge(answer.page);
      if (typeof verdict === 'string' || !('judge' in verdict)) return verdict;
      probe = verdict;
    }
    return 'ok';
  }

  function restart(problem: string): WalkStep {
    restarts += 1;
    const isOver = restarts > 1;
    return { checkpoint: cursor.restart(checkpoint), done: isOver, isPartial: isOver, problem };
  }

  for (;;) {
    const next = await step();
    if ('end' in next) return next.end;
    if (next.problem !== undefined) {
      addProblem(next.problem);
      // Whatever it was, what follows may be read a second time.
      seen.clear();
    }
    if (!(await save(next.checkpoint))) return 'lost';
    if (next.done) return next.isPartial === true ? 'partial' : 'done';
    const end = findEnd();
    if (end !== null) return end;
    checkpoint = next.checkpoint;
  }
}

function toResult(
  { page, link, dateMs, requestedAtMs }: PageAnswer,
  url: URL,
): Omit<PageResult, 'isRepeat' | 'visited'> {
  return { ...page, url, link, dateMs, requestedAtMs };
}
