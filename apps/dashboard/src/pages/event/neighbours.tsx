import type { RawItem } from '@sluice/contracts/api';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { statsQuery } from '../../data/stats.ts';
import { readPage, toPagesKey } from '../../data/use-live-rows.ts';
import { Action } from '../../ui/action.tsx';
import { formatCount } from '../../ui/numbers.ts';
import type { EventSearch } from '../events/search.ts';
import styles from './event.module.css';
import { readListText } from './search.ts';

const PATH = '/api/events/raw';

/** Goes on to the event before and after this one, in the list from which it was opened. */
export function Neighbours({ id, list }: { readonly id: string; readonly list: string }) {
  const navigate = useNavigate();
  const filter = readListText(list);
  // The same pages that the list has loaded: coming from there nothing is asked for again.
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: toPagesKey(PATH, filter),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => readPage<RawItem>(PATH, filter, pageParam, signal),
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  const at = items.findIndex((item) => item.id === id);
  const total = useTotal(filter, hasNextPage ? null : items.length);
  const go = (index: number) => {
    const next = items[index];
    if (next !== undefined) void navigate({ to: '/events/$id', params: { id: next.id }, search: { list } });
  };
  const isLast = at === items.length - 1;
  return (
    <nav className={styles['neighbours']} aria-label="Events of the list">
      <Action
        weight="quiet"
        aria-keyshortcuts="["
        aria-label="Previous event"
        {...(at > 0 ? {} : { reason: '' })}
        onClick={() => go(at - 1)}
      >
        ← Previous
      </Action>
      <Action
        weight="quiet"
        aria-keyshortcuts="]"
        aria-label="Next event"
        busy={isFetchingNextPage}
        {...(at >= 0 && (!isLast || hasNextPage) ? {} : { reason: '' })}
        onClick={() => {
          if (isLast) void fetchNextPage();
          else go(at + 1);
        }}
      >
        {isLast && hasNextPage ? 'Load more' : 'Next →'}
      </Action>
      <span>
        {at < 0
          ? 'not among those loaded of'
          : `${formatCount(at + 1)} of ${total ?? `more than ${formatCount(items.length)}`} in`}{' '}
        <code>{describe(filter)}</code>
      </span>
    </nav>
  );
}

/** How many there are in all is known where only the status narrows the list, or all of it is loaded. */
function useTotal(filter: EventSearch, loaded: number | null): string | null {
  const { data: stats } = useQuery(statsQuery);
  if (loaded !== null) return formatCount(loaded);
  const { status } = filter;
  if (stats === undefined || status === undefined || Object.keys(filter).length > 1) return null;
  return formatCount(stats.byStatus[status]);
}

function describe(filter: EventSearch): string {
  const parts = Object.entries(filter).map(([name, value]) => `${name}:${value}`);
  return parts.length === 0 ? 'all events' : parts.join(' ');
}
