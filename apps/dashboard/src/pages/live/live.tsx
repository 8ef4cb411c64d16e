import { isJsonObject } from '@sluice/contracts/json';
import type { LiveMessage } from '@sluice/contracts/live';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useLiveNews, useLiveState } from '../../data/live-context.ts';
import { Action } from '../../ui/action.tsx';
import { formatCount } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './live.module.css';

/** What the feed holds: records, and ruled lines where something was missed. */
type Entry =
  | { readonly kind: 'record'; readonly key: string; readonly record: LiveMessage }
  | { readonly kind: 'resync'; readonly key: string; readonly at: number };

/** How many lines are kept, and how often the page is painted at most, in ms. */
const MAX_LINES = 500;
const PAINT_MS = 250;

/** More than this many a second are sampled: nobody reads faster. */
const MAX_PER_SECOND = 50;

/** Answers: what happens now. Counts are exact; of very many records only some are shown. */
export function Live() {
  const feed = useFeed();
  const { connection, lastHeardAt } = useLiveState();
  return (
    <>
      <PageHead title="Live">
        <span>{formatCount(feed.perSecond)} records a second</span>
        {feed.oneOf > 1 && <span>1 of {formatCount(feed.oneOf)} shown, counts exact</span>}
        <Action aria-keyshortcuts="p" onClick={feed.toggle}>
          {feed.isPaused ? `Resume${feed.waiting > 0 ? `, ${formatCount(feed.waiting)} new` : ''}` : 'Pause'}
        </Action>
      </PageHead>
      {feed.lines.length === 0 ? (
        <p className={styles['quiet']}>
          {connection === 'live'
            ? `Connected. No records for ${formatDuration(Date.now() - feed.startedAt)}.`
            : connection === 'stale'
              ? `Not connected${lastHeardAt === null ? '' : `; last heard ${formatDuration(Date.now() - lastHeardAt)} ago`}.`
              : 'Connecting.'}
        </p>
      ) : (
        <ol className={styles['feed']} role="log" aria-live="off" aria-label="Records as they are stored">
          {feed.lines.map((entry) =>
            entry.kind === 'resync' ? (
              <li key={entry.key} className={styles['resync']}>
                Resynced <Time at={entry.at} />: what lies between was not shown; the lists have it.
              </li>
            ) : (
              <li key={entry.key}>
                <Time at={entry.record.storedAt} />
                <span>{entry.record.source}</span>
                <span>{entry.record.type}</span>
                <Link to="/events/$id" params={{ id: entry.record.id }}>
                  <code>{entry.record.id.slice(0, 16)}…</code>
                </Link>
                <code className={styles['data']}>{summarize(entry.record)}</code>
              </li>
            ),
          )}
        </ol>
      )}
    </>
  );
}

function useFeed() {
  const arrived = useRef<Entry[]>([]);
  const counted = useRef(0);
  const [startedAt] = useState(() => Date.now());
  const [state, setState] = useState({ lines: [] as readonly Entry[], perSecond: 0, oneOf: 1, waiting: 0 });
  const [isPaused, setPaused] = useState(false);
  useLiveNews((news) => {
    if (news.kind === 'record') {
      counted.current += 1;
      arrived.current.push({ kind: 'record', key: news.id, record: news.record });
    } else if (news.kind === 'reset') {
      arrived.current.push({ kind: 'resync', key: `resync-${news.at}`, at: news.at });
    }
    if (arrived.current.length > MAX_LINES * 4)
      arrived.current.splice(0, arrived.current.length - MAX_LINES * 2);
  });
  useEffect(() => {
    let lastMs = performance.now();
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const seconds = (nowMs - lastMs) / 1000;
      lastMs = nowMs;
      const rate = counted.current / seconds;
      counted.current = 0;
      const oneOf = Math.max(1, Math.ceil(rate / MAX_PER_SECOND));
      setState((before) => {
        const perSecond = before.perSecond * 0.75 + rate * 0.25;
        const shownRate = perSecond < 0.05 ? 0 : perSecond;
        if (isPaused) return { ...before, perSecond: shownRate, waiting: arrived.current.length };
        const fresh = arrived.current
          .filter((entry, index) => entry.kind === 'resync' || index % oneOf === 0)
          .reverse();
        arrived.current = [];
        const isSame = fresh.length === 0 && before.perSecond === shownRate && before.oneOf === oneOf;
        if (isSame) return before;
        return {
          lines: [...fresh, ...before.lines].slice(0, MAX_LINES),
          perSecond: shownRate,
          oneOf,
          waiting: 0,
        };
      });
    }, PAINT_MS);
    return () => clearInterval(timer);
  }, [isPaused]);
  return { ...state, startedAt, isPaused, toggle: () => setPaused(!isPaused) };
}

function summarize({ data }: LiveMessage): string {
  if (!isJsonObject(data)) return JSON.stringify(data).slice(0, 120);
  return Object.entries(data)
    .slice(0, 5)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ')
    .slice(0, 120);
}
