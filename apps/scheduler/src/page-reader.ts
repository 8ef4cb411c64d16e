import type { PollSource } from '@sluice/contracts/source';
import { type FetchedPage, FetchPageError, fetchPage } from '@sluice/sources/poll/fetch-page';
import { AnswerError } from '@sluice/sources/poll/formats/item';
import { readNextLink } from '@sluice/sources/poll/link-header';
import { EMPTY_PAGE, type Page, readRecords } from '@sluice/sources/poll/records';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';

/** A page that was read. */
export type PageAnswer = {
  readonly kind: 'page';
  readonly page: Page;
  readonly link: string | undefined;
  /** How long the source asks us to wait, in ms; null when it asks nothing. */
  readonly waitMs: number | null;
  /** The source's own time when it was asked, epoch ms; null when it tells none. */
  readonly dateMs: number | null;
  /** Our own time when it was asked, epoch ms. */
  readonly requestedAtMs: number;
};

/** A page, or the status with which the source refused it. */
export type Answer =
  | PageAnswer
  | { readonly kind: 'refused'; readonly status: number; readonly waitMs: number | null };

/** How often a page is asked for at most before a run is given up. */
const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;

/** What may be otherwise the next time; an answer that is too large or an address that is refused will not. */
const PASSING: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'truncated']);

/** What a source is asked for, by the format that it declares; what it sends is read by that format alone. */
const ACCEPTED = {
  json: 'application/json, */*;q=0.1',
  ndjson: 'application/x-ndjson, application/jsonl, */*;q=0.1',
  csv: 'text/csv, */*;q=0.1',
} as const satisfies Record<PollSource['format'], string>;

/** Statuses below 500 that ask to try again: Request Timeout, Too Early, Too Many Requests. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Creates what reads the pages of one source. A time-out, a cut or unreadable answer, and a status that may pass are
 * tried again, up to three times in all, unless the source names a time to wait.
 */
export function createPageReader({
  source,
  headers,
  fetchTimeoutMs,
  signal,
  now,
}: {
  readonly source: PollSource;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetchTimeoutMs: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
}): (url: URL) => Promise<Answer> {
  const policy = retry(handleWhen(isPassing).orWhenResult(isPassingAnswer), {
    maxAttempts: MAX_TRIES - 1,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_PAUSE_MS, maxDelay: LONGEST_PAUSE_MS }),
  });

  async function read(url: URL): Promise<Answer> {
    const requestedAtMs = now();
    const { allowPrivate } = source;
    const asked = { accept: ACCEPTED[source.format], ...headers };
    const answer = await fetchPage(url, { timeoutMs: fetchTimeoutMs, allowPrivate, headers: asked, signal });
    const { waitMs } = answer;
    if (answer.kind === 'refused') return { kind: 'refused', status: answer.status, waitMs };
    // The Date header is written after the source has looked; what changed in between is not in the answer.
    const dateMs = answer.dateMs === null ? null : answer.dateMs - (now() - requestedAtMs);
    return { kind: 'page', ...toPage(answer), waitMs, dateMs, requestedAtMs };
  }

  function toPage(answer: FetchedPage): { readonly page: Page; readonly link: string | undefined } {
    if (answer.kind !== 'page') return { page: EMPTY_PAGE, link: undefined };
    return { page: readRecords(answer.text, source, answer.isWhole), link: readNextLink(answer.link) };
  }

  return (url) => policy.execute(() => read(url), signal);
}

function isPassing(error: unknown): boolean {
  if (error instanceof FetchPageError) return PASSING.has(error.failure);
  return error instanceof AnswerError;
}

function isPassingAnswer(result: unknown): boolean {
  const answer = result as Answer;
  if (answer.kind !== 'refused' || answer.waitMs !== null) return false;
  return answer.status >= 500 || PASSING_STATUSES.has(answer.status);
}
