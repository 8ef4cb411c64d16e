/*
 * The cursor `link`: each answer names the address of the next, in its Link header or at a path. The address must be
 * of the source's own origin, because our credentials go with it. The next run begins with the last page, the one
 * that names no other, or with the first when the source says so.
 */
import type { LinkCheckpoint, PollCheckpoint } from '@sluice/contracts/poll';
import type { PollCursor } from '@sluice/contracts/source';
import type { Cursor, CursorSource, PageResult, Step } from './cursor-kind.ts';
import { AnswerError } from './formats/item.ts';
import { toPageUrl } from './pages.ts';

type LinkOptions = Extract<PollCursor, { readonly kind: 'link' }>;

const BEGIN: LinkCheckpoint = { kind: 'link', at: null };

/** Creates the cursor of a source whose answers name the next one. */
export function createLinkCursor(source: CursorSource, { path, resume = 'last' }: LinkOptions): Cursor {
  const { origin, username, password } = new URL(source.url);

  function advance({ at, empty }: LinkCheckpoint, page: PageResult): Step {
    const next = toNext(path === undefined ? page.link : page.next, page.url);
    const over = { checkpoint: { kind: 'link', at: resume === 'first' ? null : at }, done: true } as const;
    if (next === undefined) return over;
    const asked = withLogin(next).href;
    // Sources that always name a next address name their own in the end, or one where there is nothing.
    if (asked === page.url.href || (page.count === 0 && empty === true)) return over;
    if (page.visited.has(asked)) {
      return { ...over, problem: 'The next address leads back to one that this run has read.' };
    }
    const isEmpty = page.count === 0 ? ({ empty: true } as const) : {};
    return { checkpoint: { kind: 'link', at: next.href, ...isEmpty }, done: false };
  }

  function toNext(address: string | undefined, base: URL): URL | undefined {
    if (address === undefined) return undefined;
    const next = URL.canParse(address, base.href) ? new URL(address, base.href) : undefined;
    if (next?.origin !== origin) throw new AnswerError('The next address is not of the same origin.');
    next.hash = '';
    // What is stored shall hold no credentials.
    next.username = '';
    next.password = '';
    return next;
  }

  function withLogin(address: URL): URL {
    const url = new URL(address);
    url.username = username;
    url.password = password;
    return url;
  }

  /** An address of another origin is from before the declaration was changed. */
  function toOwn(checkpoint: PollCheckpoint): LinkCheckpoint {
    if (checkpoint.kind !== 'link' || checkpoint.at === null || !URL.canParse(checkpoint.at)) return BEGIN;
    return new URL(checkpoint.at).origin === origin ? checkpoint : BEGIN;
  }

  return {
    toUrl(checkpoint) {
      const { at } = toOwn(checkpoint);
      if (at !== null) return withLogin(new URL(at));
      return toPageUrl({ ...source, pageParam: undefined }, { page: 1 });
    },
    toProbe: () => null,
    advance: (checkpoint, page) => advance(toOwn(checkpoint), page),
    restart: () => BEGIN,
    describe(checkpoint) {
      const { at } = toOwn(checkpoint);
      return at === null ? null : toShown(new URL(at), new URL(source.url));
    },
  };
}

/** What stands in the source's own address may be a key. */
function toShown(url: URL, own: URL): string {
  for (const name of own.searchParams.keys()) url.searchParams.delete(name);
  return `${url.pathname}${url.search}`.slice(0, 1000);
}
