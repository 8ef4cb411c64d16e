/*
 * Reading numbered pages of records that may move while they are read.
 *
 * When a record leaves page n-1, or an earlier one, after n-1 was read and before n is, the first record of page n
 * moves to n-1 and would never be seen. So page n-1 is looked at again after page n: as long as its first or its last
 * record is still there, nothing moved by more than a page and what moved to it is read now.
 */
import type { PagesRead } from '@sluice/contracts/poll';
import type { CursorSource, PageResult, Probe } from './cursor-kind.ts';

/** Where a page stands: its number, that of the first, and how many records the source was asked for, if told. */
type Place = { readonly number: number; readonly first: number; readonly granted: number | undefined };

/**
 * Adds parameters, page number and page size to a source's address, in the parameters that the source names; `limit`
 * is the declared page size by default.
 */
export function toPageUrl(
  source: Omit<CursorSource, 'pageParam'> & { readonly pageParam?: string | undefined },
  {
    page,
    params = {},
    limit = source.pageSize,
  }: {
    readonly page: number;
    readonly params?: Readonly<Record<string, string>>;
    readonly limit?: number | undefined;
  },
): URL {
  const url = new URL(source.url);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  if (source.pageParam !== undefined) url.searchParams.set(source.pageParam, String(page));
  if (source.limitParam !== undefined) url.searchParams.set(source.limitParam, String(limit));
  return url;
}

/**
 * Tells whether a page is behind the last one: it is empty, or holds what one before it held. A short page ends
 * nothing, because a source may grant fewer records than were asked for.
 */
export function isBehindLast(before: PagesRead | null, page: PageResult): boolean {
  return page.count === 0 || before?.fingerprint === page.fingerprint || page.isRepeat;
}

/** Returns how far pages were read after page `number`. */
export function turnPage(before: PagesRead | null, page: PageResult, number: number): PagesRead {
  return {
    nextPage: number + 1,
    fingerprint: page.fingerprint,
    ...(page.edges === null ? {} : { edges: [...page.edges] }),
    count: page.count,
    most: Math.max(before?.most ?? 0, page.count),
  };
}

/** Names the page to look at before the page at `place` counts as read; `before` tells of the one before it. */
export function toPagesProbe(
  before: PagesRead,
  page: PageResult,
  place: Place,
  toUrl: (page: number) => URL,
): Probe | null {
  if (page.count > 0 && isBehindLast(before, page)) {
    // A source that ignores the number, or a cache that gave an old answer once: the page behind tells. When that one is
    // empty, only the page itself does: it may be the last, and nobody has seen it yet.
    const judge = ({ fingerprint }: Pick<PageResult, 'fingerprint'>) =>
      fingerprint === page.fingerprint ? 'ok' : 'again';
    const itself: Probe = { url: toUrl(place.number), judge };
    return { url: toUrl(place.number + 1), judge: (next) => (next.count === 0 ? itself : judge(next)) };
  }
  const { edges } = before;
  if (edges === undefined || (page.count === 0 && hadRoom(before, place))) return null;
  return {
    url: toUrl(place.number - 1),
    judge: (again) => (edges.some(again.holds) ? 'ok' : 'restart'),
  };
}

/** Returns how many records a page may hold; undefined when the source is not told. */
export function toGranted({ limitParam, pageSize }: CursorSource): number | undefined {
  return limitParam === undefined ? undefined : pageSize;
}

/** Tells whether the page before was the last for sure, because it had room for more. */
function hadRoom(before: PagesRead, { number, first, granted }: Place): boolean {
  const size = number - 1 > first ? before.most : granted;
  return (before.count ?? 0) < (size ?? 0);
}
