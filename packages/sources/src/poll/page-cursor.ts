/*
 * The cursor `page`, for a source whose pages only grow at the end. A full page is done; the last short page is read
 * again by the next run. That page, and the one before it, are looked at again, so that records which moved because
 * earlier ones were deleted are noticed: by more than a page, and everything is read from the first page.
 */
import type { PageCheckpoint, PagesRead, PollCheckpoint } from '@sluice/contracts/poll';
import type { PollCursor } from '@sluice/contracts/source';
import type { Cursor, CursorSource, PageResult, Step } from './cursor-kind.ts';
import { isBehindLast, toGranted, toPagesProbe, toPageUrl, turnPage } from './pages.ts';

type PageOptions = Extract<PollCursor, { readonly kind: 'page' }>;

const BEGIN: PageCheckpoint = { kind: 'page', pages: null };

/** Creates the cursor of a source that is asked for its pages in turn. */
export function createPageCursor(source: CursorSource, { param, first }: PageOptions): Cursor {
  const toUrl = (page: number) => toPageUrl({ ...source, pageParam: param }, { page });

  function advance({ pages }: PageCheckpoint, page: PageResult): Step {
    const number = pages?.nextPage ?? first;
    if (pages?.again === true) {
      if (!hasMoved(pages, page)) return turn(pages, page, number);
      const problem = `The records of page ${number} moved by more than a page; all are read again.`;
      return { checkpoint: BEGIN, done: false, problem };
    }
    if (!isBehindLast(pages, page)) return turn(pages, page, number);
    return { checkpoint: { kind: 'page', pages: pages === null ? null : toResume(pages) }, done: true };
  }

  function turn(before: PagesRead | null, page: PageResult, number: number): Step {
    return { checkpoint: { kind: 'page', pages: turnPage(before, page, number) }, done: false };
  }

  /** A page without room for more is done; one that only seems to be is looked at again as the page before. */
  function toResume(pages: PagesRead): NonNullable<PageCheckpoint['pages']> {
    if ((pages.count ?? 0) >= Math.max(source.pageSize, pages.most ?? 0)) return pages;
    return { ...pages, nextPage: pages.nextPage - 1, again: true };
  }

  return {
    toUrl: (checkpoint) => toUrl(toOwn(checkpoint).pages?.nextPage ?? first),
    toProbe(checkpoint, page) {
      const { pages } = toOwn(checkpoint);
      if (pages === null || pages.again === true) return null;
      const place = { number: pages.nextPage, first, granted: toGranted(source) };
      return toPagesProbe(pages, page, place, toUrl);
    },
    advance: (checkpoint, page) => advance(toOwn(checkpoint), page),
    restart: () => BEGIN,
    describe(checkpoint) {
      const { pages } = toOwn(checkpoint);
      return pages === null ? null : `page ${pages.nextPage}`;
    },
  };
}

function hasMoved({ edges }: PagesRead, page: PageResult): boolean {
  return edges !== undefined && !edges.some(page.holds);
}

function toOwn(checkpoint: PollCheckpoint): PageCheckpoint {
  return checkpoint.kind === 'page' ? checkpoint : BEGIN;
}
