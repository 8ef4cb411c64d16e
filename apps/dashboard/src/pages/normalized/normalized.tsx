import type { NormalizedItem } from '@sluice/contracts/api';
import { isJsonObject } from '@sluice/contracts/json';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { usePause } from '../../data/live-context.ts';
import { Action } from '../../ui/action.tsx';
import type { Column } from '../../ui/column.ts';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { LiveTable } from '../../ui/live-table.tsx';
import { PageHead } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';

const COLUMNS: readonly Column<NormalizedItem>[] = [
  {
    key: 'timestamp',
    name: 'Time of the event',
    width: '176px',
    render: ({ timestamp }) => (timestamp === null ? 'none' : <Time at={timestamp} withDate />),
  },
  { key: 'source', name: 'Source', width: '140px', from: 600, render: ({ source }) => source },
  { key: 'source-narrow', name: 'Source', until: 600, render: ({ source }) => source },
  { key: 'type', name: 'Type', width: '120px', from: 600, render: ({ type }) => type },
  { key: 'type-narrow', name: 'Type', until: 600, render: ({ type }) => type },
  { key: 'subject', name: 'Subject', width: '140px', from: 900, render: ({ subject }) => subject ?? '' },
  { key: 'data', name: 'Data', from: 600, render: ({ data }) => <code>{summarize(data)}</code> },
  {
    key: 'revision',
    name: 'Mapping',
    width: '88px',
    from: 1200,
    render: ({ mappingRevision }) => (mappingRevision === null ? 'built-in' : `r${mappingRevision}`),
  },
  {
    key: 'warnings',
    name: 'Warnings',
    width: '72px',
    align: 'right',
    from: 1200,
    render: ({ warnings }) => (warnings.length === 0 ? '' : warnings.length),
  },
];

const FILTERS = [
  { name: 'source', label: 'Source', example: 'orders' },
  { name: 'type', label: 'Type', example: 'metric' },
  { name: 'subject', label: 'Subject', example: 'device-7' },
  { name: 'from', label: 'From', example: '2026-11-21T00:00:00Z' },
  { name: 'to', label: 'Until', example: '2026-11-22' },
] as const;

/** Answers: what was stored for a client. */
export function Normalized() {
  const search = useSearch({ from: '/shell/normalized' });
  const navigate = useNavigate();
  const [isPaused] = usePause();
  const open = useCallback(
    ({ id }: NormalizedItem) => void navigate({ to: '/events/$id', params: { id } }),
    [navigate],
  );
  const isFiltered = Object.keys(search).length > 0;
  return (
    <>
      <PageHead title="Normalized events" />
      <FilterBar
        fields={FILTERS}
        values={search}
        onFilter={(values) => void navigate({ to: '/normalized', search: values })}
      />
      <LiveTable<NormalizedItem>
        label="Records"
        path="/api/events/normalized"
        query={search}
        columns={COLUMNS}
        live={!isPaused}
        onOpen={open}
        empty={
          isFiltered ? (
            <Empty
              title="No records match the filter"
              action={
                <Action onClick={() => void navigate({ to: '/normalized', search: {} })}>
                  Clear the filter
                </Action>
              }
            />
          ) : (
            <Empty title="No records yet">
              Each accepted event becomes one here, usually within a second.
            </Empty>
          )
        }
      />
    </>
  );
}

/** Writes the first fields of a record on one line. */
function summarize(data: NormalizedItem['data']): string {
  if (!isJsonObject(data)) return JSON.stringify(data).slice(0, 200);
  return Object.entries(data)
    .slice(0, 6)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ')
    .slice(0, 200);
}
