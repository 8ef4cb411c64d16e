import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Failure, type Query, read } from './http.ts';
import {
  appendRows,
  beginRows,
  type LiveRows,
  NO_ROWS,
  type Row,
  refreshRows,
  showHeld,
} from './live-rows.ts';

/** A page of any list of the api. */
export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

export type LiveList<Item extends Row> = {
  readonly rows: LiveRows<Item>;
  readonly isLoading: boolean;
  readonly failure: Failure | null;
  /** When the newest page was last loaded, in epoch ms. */
  readonly loadedAt: number;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  loadMore(): void;
  /** Shows what was held back, or loads the list again where that was too much. */
  showNew(): void;
  reload(): void;
};

/** How many rows a page has. */
const PAGE_SIZE = 100;

/** How often the newest page is asked for, in ms. */
const REFRESH_MS = 3000;

/**
 * Loads a list of the api and keeps it up to date; `isBeingRead` tells whether rows may be put on top now, `live` whether the newest
 * page is asked for at all.
 */
export function useLiveRows<Item extends Row>(
  path: string,
  query: Query,
  { isBeingRead, live }: { readonly isBeingRead: () => boolean; readonly live: boolean },
): LiveList<Item> {
  const key = ['rows', path, query] as const;
  const [rows, setRows] = useState<LiveRows<Item>>(NO_ROWS);
  const begun = useRef('');
  const name = JSON.stringify(key);

  const pages = useInfiniteQuery({
    queryKey: [...key, 'pages'],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      read<Page<Item>>(path, { ...query, limit: PAGE_SIZE, cursor: pageParam }, signal),
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const newest = useQuery({
    queryKey: [...key, 'newest'],
    queryFn: ({ signal }) => read<Page<Item>>(path, { ...query, limit: PAGE_SIZE }, signal),
    enabled: live && pages.isSuccess,
    refetchInterval: REFRESH_MS,
    staleTime: 0,
  });

  const loaded = pages.data;
  useEffect(() => {
    if (loaded === undefined) return;
    const [first, ...older] = loaded.pages;
    if (begun.current !== name) {
      begun.current = name;
      setRows(older.reduce((all, page) => appendRows(all, page.items), beginRows(first?.items ?? [])));
      return;
    }
    const last = loaded.pages.at(-1);
    if (last !== undefined) setRows((all) => appendRows(all, last.items));
  }, [loaded, name]);

  const fresh = newest.data;
  useEffect(() => {
    if (fresh !== undefined) setRows((all) => refreshRows(all, fresh.items, { insert: !isBeingRead() }));
  }, [fresh, isBeingRead]);

  const { refetch, fetchNextPage } = pages;
  const reload = useCallback(() => {
    begun.current = '';
    void refetch();
  }, [refetch]);
  const isOverflown = rows.overflown;
  return {
    rows,
    isLoading: pages.isPending,
    failure: toFailure(pages.error ?? newest.error),
    loadedAt: Math.max(pages.dataUpdatedAt, newest.dataUpdatedAt),
    hasMore: pages.hasNextPage,
    isLoadingMore: pages.isFetchingNextPage,
    loadMore: () => void fetchNextPage(),
    showNew: () => (isOverflown ? reload() : setRows(showHeld)),
    reload,
  };
}

function toFailure(error: Error | null): Failure | null {
  if (error === null || error instanceof Failure) return error;
  return new Failure(error.message, { status: 0, cause: error });
}
