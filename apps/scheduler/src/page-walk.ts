/*
 * The way of one run through a source's pages: ask, look again where records may have moved, and only then save how
 * far it came. Whoever walks reads and keeps the records; nothing here knows of leases or stores.
 */
import type { PollCheckpoint } from '@sluice/contracts/poll';
import type { Cursor, PageResult, Step } from '@sluice/sources/poll/cursor-kind';
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

/** What a walk does with the world; anything but `onward` ends it with that. */
export type Walk<End> = {
  readonly cursor: Cursor;
  /** Reads a page and resolves once its records are kept. */
  readonly read: (url: URL) => Promise<Answer>;
  /** Saves how far the walk came, and tells whether it goes on. */
  readonly save: (checkpoint: PollCheckpoint) => Promise<'onward' | End>;
  readonly addProblem: (detail: string) => void;
};

/** Statuses by which a source says that an address it gave us before is no longer good. */
const GONE: ReadonlySet<number> = new Set([400, 404, 410]);

/**
 * Reads pages from a checkpoint on, until the source has no more (`done`) or `save` ends it.
 *
 * @throws RefusedError when the source refuses a page
 * @throws AnswerError when an answer contradicts the source's declaration
 */
export async function walkPages<End>(
  { cursor, read, save, addProblem }: Walk<End>,
  start: PollCheckpoint,
): Promise<'done' | End> {
  const visited = new Set<string>();
  const seen = new Set<string>();
  let restarts = 0;
  let checkpoint = start;

  async function step(): Promise<Step> {
    const url = cursor.toUrl(checkpoint);
    visited.add(url.href);
    const answer = await read(url);
    if (answer.kind === 'refused') {
      const isStored = checkpoint === start && checkpoint.kind === 'link' && cursor.describe(start) !== null;
      if (isStored && GONE.has(answer.status)) {
        return restart(`The source answered ${answer.status} to the address that it gave before.`);
      }
      throw new RefusedError(answer);
    }
    const { fingerprint } = answer.page;
    const page = { ...toResult(answer, url), isRepeat: seen.has(fingerprint), visited };
    seen.add(fingerprint);
    const verdict = await look(page);
    if (verdict === 'again') {
      return { checkpoint, done: true, problem: 'A page held what an earlier one held; it is read again.' };
    }
    if (verdict === 'restart') return restart('Records moved by more than a page while they were read.');
    return cursor.advance(checkpoint, page);
  }

  async function look(page: PageResult): Promise<'ok' | 'again' | 'restart'> {
    const probe = cursor.toProbe(checkpoint, page);
    if (probe === null) return 'ok';
    const answer = await read(probe.url);
    if (answer.kind === 'refused') throw new RefusedError(answer);
    return probe.judge(answer.page);
  }

  function restart(problem: string): Step {
    restarts += 1;
    return { checkpoint: cursor.restart(checkpoint), done: restarts > 1, problem };
  }

  for (;;) {
    const next = await step();
    if (next.problem !== undefined) {
      addProblem(next.problem);
      // Whatever it was, what follows may be read a second time.
      seen.clear();
    }
    const goesOn = await save(next.checkpoint);
    if (goesOn !== 'onward') return goesOn;
    if (next.done) return 'done';
    checkpoint = next.checkpoint;
  }
}

function toResult(
  { page, link, dateMs, requestedAtMs }: PageAnswer,
  url: URL,
): Omit<PageResult, 'isRepeat' | 'visited'> {
  return { ...page, url, link, dateMs, requestedAtMs };
}
