import type { RawItem } from '@sluice/contracts/api';
import type { DeadLetters } from '@sluice/contracts/dead-letters';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { Failure, read } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import type { Column } from '../../ui/column.ts';
import { LiveTable } from '../../ui/live-table.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { PageHead, Section } from '../../ui/page.tsx';
import { RailMarks } from '../../ui/rail.tsx';
import { Empty, Failed } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { DiscardDialog } from './discard-dialog.tsx';
import styles from './group.module.css';
import { ReplayDialog } from './replay-dialog.tsx';
import { describeStage, toReached } from './stopped-at.ts';

const LIMIT = 500;

const COLUMNS: readonly Column<RawItem>[] = [
  {
    key: 'id',
    name: 'Event',
    width: '190px',
    from: 600,
    render: ({ id }) => <code>{id.slice(0, 20)}…</code>,
  },
  {
    key: 'id-short',
    name: 'Event',
    width: '128px',
    until: 600,
    render: ({ id }) => <code>{id.slice(0, 12)}…</code>,
  },
  { key: 'source', name: 'Source', width: '160px', render: ({ source }) => source },
  {
    key: 'received',
    name: 'Received',
    width: '176px',
    from: 600,
    render: ({ receivedAt }) => <Time at={receivedAt} withDate />,
  },
  {
    key: 'when',
    name: 'Received',
    width: '84px',
    until: 600,
    render: ({ receivedAt }) => <Time at={receivedAt} />,
  },
  {
    key: 'attempts',
    name: 'Attempts',
    width: '72px',
    align: 'right',
    from: 900,
    render: ({ attempts }) => attempts,
  },
  { key: 'message', name: 'Message', from: 600, render: ({ message, code }) => message ?? code ?? '' },
];

/** Answers: what is this cause, which events did it kill, and is it safe to run them again. */
export function Group() {
  const { fingerprint } = useParams({ from: '/shell/dead-letters/$fingerprint' });
  const navigate = useNavigate();
  const { plan } = useSearch({ from: '/shell/dead-letters/$fingerprint' });
  const [dialog, setDialog] = useState<'replay' | 'discard' | null>(plan === 'replay' ? 'replay' : null);
  const lack = useLack('operator');
  const { data, error } = useQuery({
    queryKey: ['dead-letters', 'all'],
    queryFn: ({ signal }) => read<DeadLetters>('/api/dead-letters', { limit: LIMIT }, signal),
    refetchInterval: 5000,
  });
  const group = data?.items.find((one) => one.fingerprint === fingerprint);
  const open = useCallback(
    ({ id }: RawItem) => void navigate({ to: '/events/$id', params: { id } }),
    [navigate],
  );
  return (
    <>
      <PageHead title="Dead letters of one cause">
        <Link to="/dead-letters">All causes</Link>
      </PageHead>
      {group !== undefined && (
        <header className={styles['head']}>
          <p className={styles['message']}>{group.message}</p>
          <p className={styles['evidence']}>
            <RailMarks reached={toReached(group.stage)} label={describeStage(group.stage)} />{' '}
            {describeStage(group.stage)} · <code>{group.code}</code> · {plural(group.count, 'event')}, first{' '}
            <Time at={group.oldest} withDate />, last <Time at={group.newest} withDate />
            {group.lastFiveMinutes > 0 && `, ${formatCount(group.lastFiveMinutes)} in the last 5 min`} ·{' '}
            <a href={`/docs/errors#${group.code}`} target="_blank" rel="noreferrer">
              what mends it
            </a>
          </p>
          <div className={styles['actions']}>
            <Action weight="primary" reason={lack} aria-keyshortcuts="r" onClick={() => setDialog('replay')}>
              {`Replay ${plural(group.count, 'event')}…`}
            </Action>
            <span className={styles['apart']} />
            {lack === undefined && (
              <Action weight="quiet" onClick={() => setDialog('discard')}>
                {`Discard ${plural(group.count, 'event')}…`}
              </Action>
            )}
          </div>
          <ReplayDialog
            filter={{ status: 'dead', fingerprint }}
            group={group}
            opened={dialog === 'replay'}
            onClose={() => setDialog(null)}
          />
          {dialog === 'discard' && (
            <DiscardDialog fingerprint={fingerprint} opened onClose={() => setDialog(null)} />
          )}
        </header>
      )}
      {error instanceof Failure && <Failed what="The cause could not be loaded" failure={error} />}
      {data !== undefined && group === undefined && (
        <p className={styles['evidence']}>
          {data.items.length < LIMIT
            ? 'Nothing of this cause is dead any more.'
            : `This cause is not among the ${LIMIT} largest, of which causes can be replayed at once; its events can be, one by one.`}
        </p>
      )}
      <Section title="Events">
        <LiveTable<RawItem>
          label="Dead letters"
          path="/api/events/raw"
          query={{ status: 'dead', fingerprint }}
          columns={COLUMNS}
          onOpen={open}
          empty={
            <Empty
              title="No event is dead of this cause any more"
              action={<Link to="/dead-letters">All causes</Link>}
            />
          }
        />
      </Section>
    </>
  );
}
