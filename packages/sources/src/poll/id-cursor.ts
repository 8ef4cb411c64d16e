/*
 * The cursor `id`: asks for the records above the highest id that was read.
 *
 * Ids that are whole numbers are compared as numbers, exactly, however long; others as text, by UTF-16 code unit;
 * any number is below any text. Without `pageParam` each answer is asked for above the last one's highest id, until
 * one brings no higher: then ids must rise within an answer, or a limited answer would hide records, so one in which
 * they do not is refused. With `pageParam` the point moves after the last page, and the order does not matter.
 *
 * With a lookback, ids may become visible late: below ids that are there already, by `lookback` at most. Such an id
 * is at most that far below the highest that was there when a run began, and the highest that was known before it is
 * no higher than that. So the next run begins `lookback` below the latter, and reads what the last run read again.
 */
import type { IdCheckpoint, PollCheckpoint } from '@sluice/contracts/poll';
import type { PollCursor } from '@sluice/contracts/source';
import type { Cursor, CursorSource, PageResult, Step } from './cursor-kind.ts';
import { AnswerError } from './formats/item.ts';
import { isBehindLast, toGranted, toPagesProbe, toPageUrl, turnPage } from './pages.ts';
import type { PolledRecord } from './records.ts';

type IdOptions = Extract<PollCursor, { readonly kind: 'id' }>;

const WHOLE_NUMBER = /^-?\d{1,100}$/;

/** Creates the cursor of a source that is asked for what comes after an id. */
export function createIdCursor(source: CursorSource, options: IdOptions): Cursor {
  const isPaged = source.pageParam !== undefined;

  function toUrl(after: string | null, page: number): URL {
    return toPageUrl(source, { page, params: after === null ? {} : { [options.param]: after } });
  }

  /** The id that the next request names: within a run without pages the highest of the page before. */
  function toAfter({ point, before = null, run }: IdCheckpoint): string | null {
    if (!isPaged && run !== null) return run.highest;
    if (options.lookback === undefined || options.lookback === 0) return point;
    return before === null ? null : lower(before, options.lookback);
  }

  function advance(checkpoint: IdCheckpoint, page: PageResult): Step {
    const { point, before = null, run } = checkpoint;
    const positions = page.records.flatMap(({ position }) => position ?? []);
    if (positions.length === 0 && page.records.length > 0) {
      throw new AnswerError(`No record has an id at ${options.path}.`);
    }
    if (!isPaged) assertRising(page.records);
    const onPage = positions.reduce<string | null>(toHigherId, null);
    const highest = toHigherId(run?.highest ?? null, onPage);
    const after = toAfter(checkpoint);
    const isOver = isPaged
      ? isBehindLast(run, page)
      : onPage === null || (after !== null && compareIds(onPage, after) <= 0);
    if (isOver) {
      return {
        checkpoint: { kind: 'id', point: toHigherId(point, highest), before: point, run: null },
        done: true,
      };
    }
    const pages = turnPage(run, page, run?.nextPage ?? 1);
    const asked = isPaged ? {} : { limit: source.pageSize };
    return { checkpoint: { kind: 'id', point, before, run: { ...pages, highest, ...asked } }, done: false };
  }

  /** A run that was begun with page numbers does not go on without, nor the other way round. */
  function toOwnRun(checkpoint: PollCheckpoint): IdCheckpoint {
    const own = toOwn(checkpoint);
    return (own.run?.limit === undefined) === isPaged ? own : { ...own, run: null };
  }

  return {
    toUrl(checkpoint) {
      const own = toOwnRun(checkpoint);
      return toUrl(toAfter(own), own.run?.nextPage ?? 1);
    },
    toProbe(checkpoint, page) {
      const own = toOwnRun(checkpoint);
      if (!isPaged || own.run === null) return null;
      const place = { number: own.run.nextPage, first: 1, granted: toGranted(source) };
      return toPagesProbe(own.run, page, place, (number) => toUrl(toAfter(own), number));
    },
    advance: (checkpoint, page) => advance(toOwnRun(checkpoint), page),
    restart: (checkpoint) => ({ ...toOwn(checkpoint), run: null }),
    describe(checkpoint) {
      const { point, run } = toOwnRun(checkpoint);
      return run === null ? point : `${point ?? 'the beginning'}, page ${run.nextPage}`;
    },
  };
}

/** Compares two ids: below 0 when the first is lower. */
export function compareIds(left: string, right: string): number {
  const [leftIsNumber, rightIsNumber] = [WHOLE_NUMBER.test(left), WHOLE_NUMBER.test(right)];
  if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
  if (!leftIsNumber) return left < right ? -1 : left > right ? 1 : 0;
  const difference = BigInt(left) - BigInt(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function toHigherId(left: string | null, right: string | null): string | null {
  if (left === null || right === null) return left ?? right;
  return compareIds(left, right) > 0 ? left : right;
}

/** Below a text no other can be named: it is asked for as it is. */
function lower(id: string, lookback: number): string {
  if (!WHOLE_NUMBER.test(id)) return id;
  const [highest, from] = [BigInt(id), BigInt(id) - BigInt(lookback)];
  return String(from < 0n && highest >= 0n ? 0n : from);
}

/** Two records with the same id are refused too: an answer may end between them. */
function assertRising(records: readonly PolledRecord[]): void {
  let before: { readonly id: string; readonly position: string } | undefined;
  for (const { id, position } of records) {
    if (position === undefined) continue;
    const order = before === undefined ? -1 : compareIds(before.position, position);
    if (before !== undefined && (order > 0 || (order === 0 && before.id !== id))) {
      const [first, second] = [before.position, position].map((text) => text.slice(0, 100));
      throw new AnswerError(`The ids do not rise: ${first} comes before ${second}.`);
    }
    before = { id, position };
  }
}

function toOwn(checkpoint: PollCheckpoint): IdCheckpoint {
  return checkpoint.kind === 'id' ? checkpoint : { kind: 'id', point: null, run: null };
}
