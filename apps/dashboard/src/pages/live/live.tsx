import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { memo } from 'react';
import { useHeardAt, useLiveState } from '../../data/live-context.ts';
import { Action } from '../../ui/action.tsx';
import { Choices } from '../../ui/choices.tsx';
import { useNow } from '../../ui/clock.ts';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { formatCount, formatFigure } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import type { FeedEntry } from './feed.ts';
import styles from './live.module.css';
import type { FeedOutcome, LiveSearch } from './search.ts';
import { useFeed } from './use-feed.ts';

const CHOICES = [
  ['all', 'All'],
  ['normalized', 'Normalized'],
  ['duplicate', 'Duplicate'],
  ['failed', 'Failed'],
  ['dead', 'Dead'],
] as const satisfies readonly (readonly ['all' | FeedOutcome, string])[];

/** Answers: what happens now, and did my call arrive. Counts are exact; of very many events only some are shown. */
export function Live() {
  const search = useSearch({ from: '/shell/live' });
  const navigate = useNavigate();
  const feed = useFeed(search);
  const isFiltered = search.source !== undefined || search.status !== undefined;
  const go = (next: LiveSearch) => void navigate({ to: '/live', search: next, replace: true });
  return (
    <>
      <PageHead title="Live">
        <span className={styles['rate']}>
          <b>{formatFigure(feed.perSecond)}</b> events a second
        </span>
        <span className={styles['rate']}>
          <b>{formatCount(feed.total)}</b>{' '}
          {isFiltered ? 'of these since the filter was set' : 'since the page was opened'}
        </span>
        {feed.oneOf > 1 && (
          <span className={styles['sampled']}>{`1 of ${formatCount(feed.oneOf)} shown, counts exact`}</span>
        )}
        {feed.isPaused && feed.waiting > 0 && (
          <Action onClick={feed.toggle}>{`Resume, ${formatCount(feed.waiting)} new`}</Action>
        )}
      </PageHead>
      <div className={styles['filters']}>
        <Choices
          label="Outcome"
          choices={CHOICES}
          chosen={search.status ?? 'all'}
          onChoose={(status) => {
            const { status: _before, ...rest } = search;
            go(status === 'all' ? rest : { ...rest, status });
          }}
        />
        <FilterBar
          fields={[{ name: 'source', label: 'Source', example: 'orders' }]}
          values={search}
          onFilter={({ source }) => {
            const { source: _before, ...rest } = search;
            go(source === undefined ? rest : { ...rest, source });
          }}
        />
      </div>
      {feed.lines.length === 0 ? (
        <Quiet since={feed.startedAt} />
      ) : (
        <ol className={styles['feed']} role="log" aria-live="off" aria-label="Events as they are stored">
          {feed.lines.map((entry) => (
            <Line key={entry.key} entry={entry} />
          ))}
        </ol>
      )}
    </>
  );
}

/** A line, which never changes once it is there. */
const Line = memo(function Line({ entry }: { readonly entry: FeedEntry }) {
  if (entry.kind === 'resync') {
    return (
      <li className={styles['resync']}>
        Resynced <Time at={entry.at} />: what lies between was not shown; the lists have it.
      </li>
    );
  }
  return (
    <li>
      <Time at={entry.at} />
      <Status mark={entry.status}>{entry.status === 'failed' ? 'Failed' : undefined}</Status>
      <span>{entry.source}</span>
      <Link to="/events/$id" params={{ id: entry.id }}>
        <code>{entry.id.slice(0, 16)}…</code>
      </Link>
      <code className={styles['data']}>
        {entry.type !== undefined && (
          <>
            <b>{entry.type}</b>{' '}
          </>
        )}
        <bdi>{entry.text}</bdi>
      </code>
    </li>
  );
});

/** An empty feed says why it is empty: it is never blank. */
function Quiet({ since }: { readonly since: number }) {
  const { connection } = useLiveState();
  const heardAt = useHeardAt();
  const now = useNow();
  const toWords = (at: number) => formatDuration(Math.max(0, Math.floor((now - at) / 1000) * 1000));
  return (
    <p className={styles['quiet']}>
      {connection === 'live' || connection === 'delayed'
        ? now - since < 1000
          ? 'Connected. Waiting for an event.'
          : `Connected. No events for ${toWords(since)}.`
        : connection === 'connecting'
          ? 'Connecting.'
          : `Not connected${heardAt === null ? '' : `; last heard ${toWords(heardAt)} ago`}.`}
    </p>
  );
}
