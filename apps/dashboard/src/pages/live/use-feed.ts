import { isJsonObject } from '@sluice/contracts/json';
import type { LiveMessage, StatusItem } from '@sluice/contracts/live';
import { useEffect, useRef, useState } from 'react';
import { useLiveNews, usePause } from '../../data/live-context.ts';
import { useStatusNews } from '../../data/status-news.ts';
import { EMPTY_FEED, type FeedEntry, type FeedEvent, isAskedFor, takeArrivals } from './feed.ts';
import { FEED_OUTCOMES, type LiveSearch } from './search.ts';

/** How often the page is painted at most, in ms. */
const PAINT_MS = 250;

/** What waits while the page is stopped; older ones are counted, and not kept. */
const MAX_WAITING = 1000;

/** Follows records, and events that became none, as they are stored. */
export function useFeed(search: LiveSearch) {
  const [isPaused, toggle] = usePause();
  const [startedAt, setStartedAt] = useState(() => Date.now());
  const [feed, setFeed] = useState(EMPTY_FEED);
  const [waiting, setWaiting] = useState(0);
  const arrived = useRef<FeedEntry[]>([]);
  const dropped = useRef(0);
  /** When was last taken what had arrived: after a pause it tells how long that took. */
  const takenMs = useRef(performance.now());
  const latest = useRef(search);
  latest.current = search;
  const filter = JSON.stringify(search);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter is another feed
  useEffect(() => {
    arrived.current = [];
    dropped.current = 0;
    takenMs.current = performance.now();
    setFeed(EMPTY_FEED);
    setStartedAt(Date.now());
  }, [filter]);

  function take(entry: FeedEntry): void {
    if (entry.kind === 'resync' || isAskedFor(entry, latest.current)) arrived.current.push(entry);
    if (arrived.current.length <= 2 * MAX_WAITING) return;
    const gone = arrived.current.splice(0, MAX_WAITING);
    dropped.current += gone.filter(({ kind }) => kind === 'event').length;
  }

  useLiveNews((news) => {
    if (news.kind === 'record') take(toRecord(news.id, news.record));
    else if (news.kind === 'resync') take({ kind: 'resync', key: `resync-${news.at}`, at: news.at });
  });
  // Records tell what they hold, so of the others only those are taken that became none.
  useStatusNews({
    onItems: (items) => {
      for (const item of items) {
        const event = toOther(item);
        if (event !== null) take(event);
      }
    },
  });
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'hidden') return;
      if (isPaused) {
        setWaiting(dropped.current + arrived.current.length);
        return;
      }
      const nowMs = performance.now();
      const seconds = (nowMs - takenMs.current) / 1000;
      takenMs.current = nowMs;
      const [entries, gone] = [arrived.current, dropped.current];
      arrived.current = [];
      dropped.current = 0;
      setWaiting(0);
      setFeed((before) => takeArrivals(before, entries, seconds, gone));
    }, PAINT_MS);
    return () => clearInterval(timer);
  }, [isPaused]);
  return { ...feed, waiting, startedAt, isPaused, toggle };
}

function toRecord(key: string, { id, source, type, data, storedAt }: LiveMessage): FeedEvent {
  return {
    kind: 'event',
    key,
    id,
    at: storedAt,
    source,
    status: 'normalized',
    type,
    text: summarize(data),
  };
}

function toOther({
  id,
  source,
  status,
  updatedAt,
  attempts,
  code,
  message,
  duplicateOf,
}: StatusItem): FeedEvent | null {
  const outcome = FEED_OUTCOMES.find((one) => one === status);
  if (outcome === undefined || outcome === 'normalized') return null;
  const text = outcome === 'duplicate' ? `repeats ${duplicateOf ?? 'another'}` : (code ?? message ?? '');
  return {
    kind: 'event',
    key: `${id} ${outcome} ${attempts} ${updatedAt}`,
    id,
    at: updatedAt,
    source,
    status: outcome,
    text,
  };
}

function summarize(data: LiveMessage['data']): string {
  if (!isJsonObject(data)) return JSON.stringify(data).slice(0, 120);
  return Object.entries(data)
    .slice(0, 5)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === 'string' ? value.slice(0, 60) : JSON.stringify(value).slice(0, 60)}`,
    )
    .join(' · ')
    .slice(0, 160);
}
