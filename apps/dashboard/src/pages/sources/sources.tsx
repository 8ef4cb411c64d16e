import type { SourceItem } from '@sluice/contracts/sources-api';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { Action } from '../../ui/action.tsx';
import type { Column } from '../../ui/column.ts';
import { LiveTable } from '../../ui/live-table.tsx';
import { PageHead } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { type Kind, NewSource } from './new-source.tsx';

const COLUMNS: readonly Column<SourceItem>[] = [
  { key: 'id', name: 'Source', render: ({ id }) => <b>{id}</b> },
  { key: 'kind', name: 'Kind', width: '96px', render: ({ kind }) => (kind === 'poll' ? 'polled' : 'sends') },
  { key: 'how', name: 'How', from: 600, render: (item) => toHow(item) },
  {
    key: 'mapping',
    name: 'Mapping',
    width: '112px',
    from: 900,
    render: ({ mappingRevision }) =>
      mappingRevision === null ? 'built-in rules' : `revision ${mappingRevision}`,
  },
  {
    key: 'state',
    name: 'State',
    width: '96px',
    render: ({ active, paused }) => (active ? (paused ? 'paused' : 'active') : 'not active'),
  },
  {
    key: 'owner',
    name: 'Declared',
    width: '112px',
    from: 1200,
    render: ({ owner }) => (owner === 'file' ? 'in the file' : 'by the api'),
  },
  {
    key: 'updated',
    name: 'Changed',
    width: '176px',
    from: 1200,
    render: ({ updatedAt }) => <Time at={updatedAt} withDate />,
  },
];

/** Answers: who sends to us, whom do we poll, and how. */
export function Sources() {
  const navigate = useNavigate();
  const { add } = useSearch({ from: '/shell/sources' });
  const show = (kind: Kind | undefined) => void navigate({ to: '/sources', search: { add: kind } });
  const open = useCallback(
    ({ id }: SourceItem) => void navigate({ to: '/sources/$id', params: { id } }),
    [navigate],
  );
  return (
    <>
      <PageHead title="Sources">
        {add === undefined && <Action onClick={() => show('push')}>Add a source…</Action>}
      </PageHead>
      {add !== undefined && (
        <NewSource kind={add === 'poll' ? 'poll' : 'push'} onKind={show} onClose={() => show(undefined)} />
      )}
      <LiveTable<SourceItem>
        label="Sources"
        path="/api/sources"
        query={{}}
        columns={COLUMNS}
        onOpen={open}
        empty={
          <Empty title="No source is declared">
            Events of undeclared sources are taken all the same by <code>POST /api/events</code>. Add one
            here, or in <code>sluice.sources.yaml</code>.
          </Empty>
        }
      />
    </>
  );
}

function toHow({ kind, source }: SourceItem): string {
  if (kind === 'poll') return `${String(source['url'] ?? '')}  ${String(source['schedule'] ?? '')}`;
  const scheme = source['scheme'];
  const name = typeof scheme === 'string' ? scheme : (scheme as { type?: string } | undefined)?.type;
  return name === undefined || name === 'none' ? 'not signed' : `signed by ${name}`;
}
