/*
 * The cursor `link`: each answer names the address of the next, in its Link header or at a path. The address must be
 * of the source's own origin, because our credentials go with it. The next run begins with the last page, the one
 * that names no other, or with the first when the source says so.
 *
 * Some sources name a next address before anything is there. Then a page may grow after it was read, while the next
 * one fills too, so it counts as read only when it is read after a later one held records. A run that ends in answers
 * without records therefore leaves the next one to begin where it began itself (`from`); that one reads up to the last
 * page that held any (`until`) for the second time, and moves on.
 */
import type { LinkCheckpoint, PollCheckpoint } from '@sluice/contracts/poll';
import type { PollCursor } from '@sluice/contracts/source';
import type { Cursor, CursorSource, PageResult, Step } from './cursor-kind.ts';
import { AnswerError } from './formats/item.ts';
import { toPageUrl } from './pages.ts';

type LinkOptions = Extract<PollCursor, { readonly kind: 'link' }>;

/** What a run knows after a page. */
type Run = {
  readonly from: string | null;
  readonly last: string | null;
  readonly until: string | null;
  readonly empties: number;
  readonly endless: boolean;
};

/** As many answers in a row without records end a run, because a source may name a next address for ever. */
const MAX_EMPTIES = 500;

/** The same for a source that did so before: each run reads so far in vain. */
const MAX_EMPTIES_ENDLESS = 10;

const BEGIN: LinkCheckpoint = { kind: 'link', at: null };

/** Creates the cursor of a source whose answers name the next one. */
export function createLinkCursor(source: CursorSource, { path, resume = 'last' }: LinkOptions): Cursor {
  const { origin, username, password } = new URL(source.url);

  function advance(before: LinkCheckpoint, page: PageResult): Step {
    const next = toNext(path === undefined ? page.link : page.next, page.url);
    const run = toRun(before, page);
    const rest = toResting(before, run);
    if (next === undefined) return { checkpoint: rest, done: true };
    const asked = withLogin(next).href;
    // Sources that always name a next address name their own in the end, or one where there is nothing.
    if (asked === page.url.href) return { checkpoint: rest, done: true };
    if (run.empties >= (run.endless ? MAX_EMPTIES_ENDLESS : MAX_EMPTIES)) {
      const problem = `${run.empties} answers in a row held no records; those behind them are not asked for.`;
      return { checkpoint: { ...rest, endless: true }, done: true, problem };
    }
    if (page.visited.has(asked)) {
      const problem = 'The next address leads back to one that this run has read.';
      return { checkpoint: rest, done: true, problem };
    }
    return { checkpoint: { kind: 'link', at: next.href, ...run }, done: false };
  }

  function toResting({ at }: LinkCheckpoint, { from, last, empties }: Run): LinkCheckpoint {
    if (resume === 'first') return BEGIN;
    // A source whose last page holds records names only what is there.
    if (empties === 0) return { kind: 'link', at };
    return { kind: 'link', at: from, ...(last === from ? {} : { until: last }) };
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
    if (checkpoint.kind !== 'link') return BEGIN;
    const { at } = checkpoint;
    return at === null || (URL.canParse(at) && new URL(at).origin === origin) ? checkpoint : BEGIN;
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

/** A checkpoint between two runs is the beginning of one; so is one from before it told more than an address. */
function toRun(
  { at, from = at, last = from, until = from, empties = 0, endless = false }: LinkCheckpoint,
  { count }: PageResult,
): Run {
  if (count === 0) return { from, last, until, empties: empties + 1, endless };
  // Where `until` never comes, because addresses are worded anew each time, a page that was read once must do.
  return { from: from === until ? from : at, last: at, until, empties: 0, endless };
}

/** What stands in the source's own address may be a key. */
function toShown(url: URL, own: URL): string {
  for (const name of own.searchParams.keys()) url.searchParams.delete(name);
  return `${url.pathname}${url.search}`.slice(0, 1000);
}
