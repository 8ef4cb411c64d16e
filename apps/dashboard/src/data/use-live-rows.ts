import type { StatusItem } from '@sluice/contracts/live';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { toFailure } from './failure.ts';
import { type Failure, type Query, read } from './http.ts';
import { useLiveState } from './live-context.ts';
import {
  appendRows,
  beginRows,
  type LiveRows,
  NO_ROWS,
  patchRows,
  type Row,
  refreshRows,
  showHeld,
} from './live-rows.ts';
import { useStatusNews } from './status-news.ts';

/** A page of any list of the api. */
export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

/** A ruled line in a list: here the page was disconnected. */
export type Resynced = {
  readonly at: number;
  /** How many rows arrived meanwhile; null when they were too many to tell, and the list was loaded again. */
  readonly count: number | null;
  /** The row above which the line stands; null = on top. */
  readonly aboveId: string | null;
};

/** How statuses that are told live change a list of events. */
export type StatusRules<Item> = {
  /** Whether an event of which the list does not know yet belongs to it. */
  readonly accepts: (news: StatusItem) => boolean;
  readonly patch: (item: Item, news: StatusItem) => Item;
};

export type LiveList<Item extends Row> = {
  readonly rows: LiveRows<Item>;
  /** How many arrived that are not shown; at least, where `rows.overflown`. */
  readonly newCount: number;
  readonly resynced: Resynced | null;
  readonly isLoading: boolean;
  readonly failure: Failure | null;
  /** When the newest page was last loaded, in epoch ms. */
  readonly loadedAt: number;
  readonly hasMore: boolean;
  /** Loads the next page, unless it is being loaded. */
  loadMore(): void;
  /** Shows what was held back, or loads the list again where that was too much. */
  showNew(): void;
  reload(): void;
};

/** How many rows the first page has, and each further one: whoever scrolls on wants to go far. */
const FIRST_SIZE = 100;
const NEXT_SIZE = 1000;

/** Reads a page of a list; the newest where `cursor` is null. @throws Failure */
export function readPage<Item>(
  path: string,
  query: Query,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Item>> {
  const limit = cursor === null ? FIRST_SIZE : NEXT_SIZE;
  return read<Page<Item>>(path, { ...query, limit, cursor }, signal);
}

/** How often the newest page is asked for, and how soon after an event was told of, in ms. */
const REFRESH_MS = 3000;
const SOON_MS = 500;

/** How many events of which only the statuses are known are counted. */
const MAX_COUNTED = 2000;

/** Names the pages of a list among the queries, for whoever wants to know what stands beside a row. */
export function toPagesKey(path: string, query: Query) {
  return ['rows', path, query, 'pages'] as const;
}

/**
 * Loads a list of the api and keeps it up to date; `isBeingRead` tells whether rows may be put on top now, `live` whether the newest
 * page is asked for at all.
 */
export function useLiveRows<Item extends Row>(
  path: string,
  query: Query,
  {
    isBeingRead,
    live,
    statuses,
  }: {
    readonly isBeingRead: () => boolean;
    readonly live: boolean;
    readonly statuses?: StatusRules<Item> | undefined;
  },
): LiveList<Item> {
  const queries = useQueryClient();
  const pagesKey = toPagesKey(path, query);
  const name = JSON.stringify(pagesKey);
  const [rows, setRows] = useState<LiveRows<Item>>(NO_ROWS);
  const [counted, setCounted] = useState<ReadonlySet<string>>(new Set());
  const begun = useRef('');
  const known = useRef(rows);
  known.current = rows;

  const pages = useInfiniteQuery({
    queryKey: pagesKey,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => readPage<Item>(path, query, pageParam, signal),
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: Number.POSITIVE_INFINITY,
    // Pages never change once they are loaded; to compare all of them with every further one takes longer than to show it.
    structuralSharing: false,
  });
  const firstPage = pages.data?.pages[0];
  const newest = useQuery({
    queryKey: ['rows', path, query, 'newest'],
    queryFn: ({ signal }) => readPage<Item>(path, query, null, signal),
    enabled: live && firstPage !== undefined,
    refetchInterval: REFRESH_MS,
    // The first page was the newest a moment ago: it need not be asked for twice.
    ...(firstPage === undefined
      ? {}
      : { initialData: firstPage, initialDataUpdatedAt: pages.dataUpdatedAt, staleTime: REFRESH_MS }),
  });

  /** Throws the older pages away: between them and this one lies what nobody has loaded. */
  const begin = useCallback(
    (page: Page<Item>) => {
      queries.setQueryData(JSON.parse(name) as typeof pagesKey, { pages: [page], pageParams: [null] });
      setRows(beginRows(page.items));
      setCounted(new Set());
    },
    [queries, name],
  );

  const loaded = pages.data;
  // Before anything is drawn, or each page would be drawn twice: without its rows, and with them.
  useLayoutEffect(() => {
    if (loaded === undefined) return;
    const [first, ...older] = loaded.pages;
    if (begun.current !== name) {
      begun.current = name;
      setCounted(new Set());
      setRows(older.reduce((all, page) => appendRows(all, page.items), beginRows(first?.items ?? [])));
      return;
    }
    const last = loaded.pages.at(-1);
    if (last !== undefined) setRows((all) => appendRows(all, last.items));
  }, [loaded, name]);

  const fresh = newest.data;
  useEffect(() => {
    if (fresh === undefined || fresh === firstPage || begun.current !== name) return;
    const insert = !isBeingRead();
    const next = refreshRows(known.current, fresh.items, { insert });
    const isGap = insert && isAnotherList(known.current, next);
    if (isGap) begin(fresh);
    else setRows(next);
    if (insert) setCounted(new Set());
  }, [fresh, firstPage, isBeingRead, begin, name]);

  const { refetch: refetchNewest } = newest;
  const soon = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(soon.current), []);
  const lookSoon = () => {
    soon.current ??= setTimeout(() => {
      soon.current = undefined;
      void refetchNewest();
    }, SOON_MS);
  };
  useStatusNews(
    {
      onItems: (items) => {
        if (statuses === undefined) return;
        const news = new Map(items.map((item) => [item.id, item]));
        const patch = (item: Item) => {
          const change = news.get(item.id);
          return change === undefined ? item : statuses.patch(item, change);
        };
        const shown = new Set(known.current.shown.map(({ id }) => id));
        const unknown = items.filter((item) => !shown.has(item.id) && statuses.accepts(item));
        setRows((all) => patchRows(all, patch));
        if (unknown.length === 0) return;
        setCounted((before) =>
          before.size >= MAX_COUNTED ? before : new Set([...before, ...unknown.map(({ id }) => id)]),
        );
        lookSoon();
      },
      onMissed: () => void refetchNewest(),
    },
    live && statuses !== undefined && firstPage !== undefined,
  );

  const resynced = useResynced(name, known, async (anchor) => {
    const { data: page } = await refetchNewest();
    const count = page?.items.findIndex(({ id }) => id === anchor) ?? -1;
    if (page !== undefined && count < 0) begin(page);
    return count;
  });

  const { refetch, fetchNextPage, isFetchNextPageError } = pages;
  const reload = useCallback(() => {
    if (isFetchNextPageError) void fetchNextPage();
    else if (firstPage === undefined) void refetch();
    else void refetchNewest().then(({ data }) => data !== undefined && begin(data));
  }, [refetch, fetchNextPage, isFetchNextPageError, refetchNewest, begin, firstPage]);
  const isOverflown = rows.overflown;
  return {
    // What was loaded for another filter is not shown under this one.
    rows: begun.current === name ? rows : NO_ROWS,
    newCount: Math.max(rows.held.length, isBeingRead() ? counted.size : 0),
    resynced,
    isLoading: pages.isPending,
    failure: toFailure(pages.error ?? newest.error),
    loadedAt: Math.max(pages.dataUpdatedAt, newest.dataUpdatedAt),
    // After a failure a person has to ask: whoever draws the end of the list would ask all the time.
    hasMore: pages.hasNextPage && !isFetchNextPageError,
    loadMore: () => void fetchNextPage({ cancelRefetch: false }),
    showNew: () => {
      setCounted(new Set());
      if (isOverflown) reload();
      else setRows(showHeld);
    },
    reload,
  };
}

/** Remembers the newest row when the connection is lost, and says how many came before it once it is back. */
function useResynced<Item extends Row>(
  name: string,
  known: { readonly current: LiveRows<Item> },
  count: (anchor: string) => Promise<number>,
): Resynced | null {
  const { connection, resync } = useLiveState();
  const anchor = useRef<string | null>(null);
  const seen = useRef(resync?.at ?? null);
  const latest = useRef(count);
  latest.current = count;
  const [resynced, setResynced] = useState<Resynced | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the line is of one list
  useEffect(() => setResynced(null), [name]);
  useEffect(() => {
    if (connection !== 'reconnecting' && connection !== 'stale') return;
    anchor.current ??= findNewest(known.current);
  }, [connection, known]);
  useEffect(() => {
    if (resync === null || resync.at === seen.current) return;
    seen.current = resync.at;
    const { at } = resync;
    // The server may say `reset` of a connection that was never lost.
    const from = anchor.current ?? findNewest(known.current);
    anchor.current = null;
    if (from === null) return;
    void latest
      .current(from)
      .then((found) =>
        setResynced(found < 0 ? { at, count: null, aboveId: null } : { at, count: found, aboveId: from }),
      );
  }, [resync, known]);
  return resynced;
}

function findNewest<Item extends Row>({ held, shown }: LiveRows<Item>): string | null {
  return (held[0] ?? shown[0])?.id ?? null;
}

function isAnotherList<Item extends Row>(before: LiveRows<Item>, after: LiveRows<Item>): boolean {
  const oldest = before.shown.at(-1);
  return oldest !== undefined && !after.shown.some(({ id }) => id === oldest.id);
}
