import type { RawItem } from '@sluice/contracts/api';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { statsQuery } from '../../data/stats.ts';
import { usePreference } from '../../shell/preferences.ts';
import { Action } from '../../ui/action.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { LiveTable } from '../../ui/live-table.tsx';
import { formatBytes, formatCount } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { Age, Time } from '../../ui/time.tsx';
import styles from './events.module.css';
import { describeSearch, type EventSearch, TABS, type Tab } from './search.ts';

const COLUMNS: readonly Column<RawItem>[] = [
  { key: 'status', name: 'Status', width: '168px', render: ({ status }) => <Status mark={status} /> },
  {
    key: 'id',
    name: 'Event',
    width: '190px',
    from: 600,
    render: ({ id }) => <code>{id.slice(0, 20)}…</code>,
  },
  { key: 'source', name: 'Source', render: ({ source }) => source },
  { key: 'via', name: 'Via', width: '88px', from: 1200, render: ({ via }) => via },
  {
    key: 'received',
    name: 'Received',
    width: '176px',
    from: 600,
    render: ({ receivedAt }) => <Time at={receivedAt} withDate />,
  },
  {
    key: 'age',
    name: 'Age',
    width: '112px',
    from: 1200,
    render: ({ receivedAt }) => <Age at={receivedAt} />,
  },
  {
    key: 'attempts',
    name: 'Attempts',
    width: '72px',
    align: 'right',
    from: 900,
    render: ({ attempts }) => formatCount(attempts),
  },
  {
    key: 'size',
    name: 'Size',
    width: '80px',
    align: 'right',
    from: 1200,
    render: ({ sizeBytes }) => formatBytes(sizeBytes),
  },
  { key: 'error', name: 'Last error', from: 900, render: ({ code, message }) => code ?? message ?? '' },
];

const FILTERS = [
  { name: 'source', label: 'Source', example: 'orders' },
  { name: 'code', label: 'Error code', example: 'ERR_FIELD_REQUIRED' },
  { name: 'from', label: 'Received from', example: '2026-11-21T00:00:00Z' },
  { name: 'to', label: 'Received before', example: '2026-11-22' },
] as const;

/** Answers: which events are in which state. */
export function Events() {
  const search = useSearch({ from: '/shell/events' });
  const navigate = useNavigate();
  const [live, setLive] = usePreference('events-live', ['on', 'off'], 'on');
  const open = useCallback(
    ({ id }: RawItem) => void navigate({ to: '/events/$id', params: { id } }),
    [navigate],
  );
  const { status } = search;
  return (
    <>
      <PageHead title="Events">
        <Action weight="quiet" aria-keyshortcuts="p" onClick={() => setLive(live === 'on' ? 'off' : 'on')}>
          {live === 'on' ? 'Pause' : 'Resume'}
        </Action>
      </PageHead>
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
        live={live === 'on'}
        onOpen={open}
        toTone={(item) => (item.status === 'dead' || item.status === 'failed' ? item.status : undefined)}
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
          <span className={styles['count']}>
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
