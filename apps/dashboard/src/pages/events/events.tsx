import type { RawItem } from '@sluice/contracts/api';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { usePause } from '../../data/live-context.ts';
import { statsQuery } from '../../data/stats.ts';
import { Action } from '../../ui/action.tsx';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { LiveTable } from '../../ui/live-table.tsx';
import { formatCount } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { useSelection } from '../../ui/selection.ts';
import { Empty } from '../../ui/states.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { toListText } from '../event/search.ts';
import { BulkBar } from './bulk-bar.tsx';
import { COLUMNS } from './columns.tsx';
import styles from './events.module.css';
import { isListed, withStatus } from './match-status.ts';
import { describeSearch, type EventSearch, TABS, type Tab } from './search.ts';

const FILTERS = [
  { name: 'source', label: 'Source', example: 'orders' },
  { name: 'code', label: 'Error code', example: 'ERR_FIELD_REQUIRED' },
  { name: 'from', label: 'Received from', example: '2026-11-21T00:00:00Z' },
  { name: 'to', label: 'Received until', example: '2026-11-22' },
] as const;

/** Answers: which events are in which state. */
export function Events() {
  const search = useSearch({ from: '/shell/events' });
  const navigate = useNavigate();
  const [isPaused] = usePause();
  const [isPlanning, setPlanning] = useState(false);
  const selection = useSelection();
  const { clear } = selection;
  const list = toListText(search);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is selected belongs to one filter
  useEffect(clear, [list]);
  const open = useCallback(
    ({ id }: RawItem) => void navigate({ to: '/events/$id', params: { id }, search: { list } }),
    [navigate, list],
  );
  const statuses = useMemo(
    () => ({ accepts: (news: Parameters<typeof isListed>[1]) => isListed(search, news), patch: withStatus }),
    [search],
  );
  const { status } = search;
  return (
    <>
      <PageHead title="Events" />
      <Tabs search={search} />
      <FilterBar
        fields={FILTERS}
        values={search}
        onFilter={(values) =>
          void navigate({ to: '/events', search: { ...(status === undefined ? {} : { status }), ...values } })
        }
      />
      <LiveTable<RawItem>
        label="Events"
        path="/api/events/raw"
        query={search}
        columns={COLUMNS}
        live={!isPaused}
        isHeld={isPlanning}
        statuses={statuses}
        selection={selection}
        onOpen={open}
        toTone={(item) => (item.status === 'dead' || item.status === 'failed' ? item.status : undefined)}
        bar={<BulkBar search={search} selection={selection} onPlanning={setPlanning} />}
        empty={<None search={search} />}
      />
    </>
  );
}

function Tabs({ search }: { readonly search: EventSearch }) {
  const { data: stats } = useQuery(statsQuery);
  const navigate = useNavigate();
  const choose = (status: Tab | undefined) => {
    const { status: _before, ...rest } = search;
    void navigate({ to: '/events', search: status === undefined ? rest : { ...rest, status } });
  };
  return (
    <fieldset className={styles['tabs']} aria-label="Status">
      <button type="button" aria-pressed={search.status === undefined} onClick={() => choose(undefined)}>
        All
      </button>
      {TABS.map((tab) => (
        <button key={tab} type="button" aria-pressed={search.status === tab} onClick={() => choose(tab)}>
          <Status mark={tab}>{tab === 'failed' ? 'Failed' : undefined}</Status>
          <span className={styles['count']} data-count={tab}>
            {stats === undefined ? '' : formatCount(stats.byStatus[tab])}
          </span>
        </button>
      ))}
    </fieldset>
  );
}

function None({ search }: { readonly search: EventSearch }) {
  const navigate = useNavigate();
  const words = describeSearch(search);
  if (words === '') {
    return (
      <Empty title="No events yet">
        The first one shows here by itself. The <a href="/docs">API reference</a> has lines to paste.
      </Empty>
    );
  }
  return (
    <Empty
      title={`No events ${words}`}
      action={<Action onClick={() => void navigate({ to: '/events', search: {} })}>Clear the filter</Action>}
    />
  );
}
