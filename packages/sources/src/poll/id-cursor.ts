/*
 * The cursor `id`: asks for the records above the highest id that was read.
 *
 * Without `pageParam` each answer is asked for above the last one's highest id, until one brings no higher: then ids
 * must rise within an answer, or a limited answer would hide records, so one in which they do not is refused. So is one
 * that holds lower ids alone: the source orders its ids otherwise than we do. With `pageParam` the point moves after the
 * last page, and the order does not matter.
 *
 * With a lookback, ids may become visible late: below ids that are there already, by `lookback` at most. Such an id
 * is at most that far below the highest that was there when a run began, and the highest that was known before it is
 * no higher than that. So the next run begins `lookback` below the latter, and reads what the last run read again.
 */
import type { IdCheckpoint, PollCheckpoint } from '@sluice/contracts/poll';
import type { PollCursor } from '@sluice/contracts/source';
import type { Cursor, CursorSource, PageResult, Step } from './cursor-kind.ts';
import { AnswerError } from './formats/item.ts';
import { findIdOrder, type IdOrder } from './id-order.ts';
import { isBehindLast, toGranted, toPagesProbe, toPageUrl, turnPage } from './pages.ts';
import type { PolledRecord } from './records.ts';
import { StuckError } from './timestamp-walk.ts';

type IdOptions = Extract<PollCursor, { readonly kind: 'id' }>;

/** Creates the cursor of a source that is asked for what comes after an id. */
export function createIdCursor(source: CursorSource, options: IdOptions): Cursor {
  const isPaged = source.pageParam !== undefined;

  function toUrl(after: string | null, page: number): URL {
    return toPageUrl(source, { page, params: after === null ? {} : { [options.param]: after } });
  }

  /** The id that the next request names: within a run without pages the highest of the page before. */
  function toAfter({ point, before = null, text, run }: IdCheckpoint): string | null {
    if (!isPaged && run !== null) return run.highest;
    if (options.lookback === undefined || options.lookback === 0) return point;
    if (before === null || findIdOrder(text, [point, before]).isText) return before;
    return lower(before, options.lookback);
  }

  function advance(checkpoint: IdCheckpoint, page: PageResult): Step {
    const { point, before = null, run } = checkpoint;
    const { positions } = page;
    if (positions.length === 0 && page.records.length > 0) {
      throw new AnswerError(`No record has an id at ${options.path}.`);
    }
    const order = findIdOrder(checkpoint.text, [point, before, run?.highest, ...positions]);
    const text = order.isText ? { text: true as const } : {};
    if (!isPaged) assertRising(page.records, order);
    const onPage = positions.reduce<string | null>(order.toHigher, null);
    const highest = order.toHigher(run?.highest ?? null, onPage);
    if (isPaged ? isBehindLast(run, page) : !isFurther(toAfter(checkpoint), onPage, order)) {
      const end = order.toHigher(point, highest);
      const next: IdCheckpoint = { kind: 'id', point: end, before: point, ...text, run: null };
      return isPaged ? { checkpoint: next, done: true } : toEnd(next, page);
    }
    const pages = turnPage(run, page, run?.nextPage ?? 1);
    const asked = isPaged ? {} : { limit: source.pageSize };
    const next = { ...pages, highest, ...asked };
    return { checkpoint: { kind: 'id', point, before, ...text, run: next }, done: false };
  }

  /** Behind records that cannot be taken and of which no id can be read, nothing can be asked for. */
  function toEnd(checkpoint: IdCheckpoint, { count, positions }: PageResult): Step {
    if (count === 0 || positions.length > 0) return { checkpoint, done: true };
    const place = checkpoint.point === null ? 'at the beginning' : `after ${checkpoint.point.slice(0, 100)}`;
    const cause = `no record that the source gives there can be taken, nor its ${options.path} be read`;
    if (source.limitParam !== undefined && count >= source.pageSize) {
      throw new StuckError(
        `Stuck ${place}: ${cause}, and it may have more. Mend them at the source, or declare its pageParam or a larger pageSize.`,
      );
    }
    return { checkpoint, done: true, problem: `Stays ${place}: ${cause}.` };
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

/**
 * Tells whether an answer brought a higher id than it was asked for.
 *
 * @throws AnswerError when it brought lower ones alone
 */
function isFurther(after: string | null, onPage: string | null, order: IdOrder): boolean {
  if (after === null || onPage === null) return onPage !== null;
  const difference = order.compare(onPage, after);
  if (difference < 0) {
    const [asked, got] = [after, onPage].map((id) => id.slice(0, 100));
    throw new AnswerError(
      `Asked for what comes after ${asked}, the source gave ids up to ${got} alone: it orders them otherwise, or does not look at the parameter. Declare its pageParam, or another cursor.`,
    );
  }
  return difference > 0;
}

/** Returns the id that lies so many below a number. */
function lower(id: string, lookback: number): string {
  const [highest, from] = [BigInt(id), BigInt(id) - BigInt(lookback)];
  return String(from < 0n && highest >= 0n ? 0n : from);
}

/** Two records with the same id are refused too: an answer may end between them. */
function assertRising(records: readonly PolledRecord[], { compare }: IdOrder): void {
  let before: { readonly id: string; readonly position: string } | undefined;
  for (const { id, position } of records) {
    if (!position) continue;
    const order = before === undefined ? -1 : compare(before.position, position);
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
