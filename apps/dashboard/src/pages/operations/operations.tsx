import type { Replay } from '@sluice/contracts/operations';
import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { Column } from '../../ui/column.ts';
import { LiveTable } from '../../ui/live-table.tsx';
import { formatCount } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { describeFilter } from './describe-filter.ts';

const COLUMNS: readonly Column<Replay>[] = [
  { key: 'state', name: 'State', width: '104px', render: ({ state }) => <b>{state}</b> },
  { key: 'what', name: 'What', render: (replay) => describeFilter(replay) },
  {
    key: 'planned',
    name: 'Planned',
    width: '88px',
    align: 'right',
    render: ({ planned }) => formatCount(planned),
  },
  {
    key: 'succeeded',
    name: 'Succeeded',
    width: '88px',
    align: 'right',
    from: 600,
    render: ({ succeeded }) => formatCount(succeeded),
  },
  {
    key: 'again',
    name: 'Failed again',
    width: '96px',
    align: 'right',
    from: 600,
    render: ({ failedAgain }) => formatCount(failedAgain),
  },
  { key: 'actor', name: 'By', width: '140px', from: 1200, render: ({ actor }) => actor },
  { key: 'reason', name: 'Why', from: 1200, render: ({ reason }) => reason ?? '' },
  {
    key: 'created',
    name: 'Started',
    width: '176px',
    from: 900,
    render: ({ createdAt }) => <Time at={createdAt} withDate />,
  },
];

/** Answers: what bulk work runs or ran, by whom, and why. */
export function Operations() {
  const navigate = useNavigate();
  const open = useCallback(
    ({ id }: Replay) => void navigate({ to: '/operations/$id', params: { id } }),
    [navigate],
  );
  return (
    <>
      <PageHead title="Operations" />
      <LiveTable<Replay>
        label="Replays"
        path="/api/replays"
        query={{}}
        columns={COLUMNS}
        onOpen={open}
        empty={
          <Empty title="Nothing was replayed yet">
            Replays of dead letters are listed here, with what became of each.
          </Empty>
        }
      />
    </>
  );
}
