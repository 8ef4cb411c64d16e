import type { Stats } from '@sluice/contracts/api';
import { useQuery } from '@tanstack/react-query';
import { Failure } from '../../data/http.ts';
import { useLiveState } from '../../data/live-context.ts';
import { statsQuery } from '../../data/stats.ts';
import { formatCount } from '../../ui/numbers.ts';
import { PageHead, Section } from '../../ui/page.tsx';
import { Rail, type RailStation, type StationState } from '../../ui/rail.tsx';
import { Failed, Loading, StaleFrame } from '../../ui/states.tsx';
import { formatDuration } from '../../ui/time.tsx';
import { LastHour } from './last-hour.tsx';
import { LedgerLine } from './ledger-line.tsx';
import styles from './overview.module.css';
import { TopCauses } from './top-causes.tsx';

/** What waits longer than this is late, in ms. */
const LATE_MS = 10_000;

/** Answers: is anything wrong, where, and since when. */
export function Overview() {
  const { data, error, dataUpdatedAt, refetch } = useQuery(statsQuery);
  const { connection } = useLiveState();
  const failure = error instanceof Failure ? error : null;
  return (
    <>
      <PageHead title="Overview" />
      {failure !== null && (
        <Failed
          what="The figures could not be loaded"
          failure={failure}
          onRetry={() => void refetch()}
          {...(data === undefined ? {} : { asOf: dataUpdatedAt })}
        />
      )}
      {data === undefined && failure === null && <Loading rows={6} />}
      {data !== undefined && (
        <StaleFrame asOf={connection === 'stale' || failure !== null ? dataUpdatedAt : null}>
          <Rail stations={toStations(data)} />
          <LedgerLine ledger={data.ledger} />
          <div className={styles['charts']}>
            <LastHour />
            <TopCauses />
          </div>
          <Section title="Queue">
            <Queue stats={data} />
          </Section>
        </StaleFrame>
      )}
    </>
  );
}

function toStations(stats: Stats): readonly RailStation[] {
  const { ledger, queue, oldestWaitingMs, inbox, byStatus } = stats;
  const isLate = oldestWaitingMs !== null && oldestWaitingMs > LATE_MS;
  const queued: StationState = queue.waiting > 0 ? (isLate ? 'slow' : 'flow') : 'idle';
  return [
    {
      station: 'Received',
      state: 'flow',
      figure: formatCount(ledger.accepted + ledger.merged),
      lines: [ledger.merged > 0 ? `${formatCount(ledger.merged)} known repeats` : 'no repeats'],
      href: '/events',
    },
    {
      station: 'Verified',
      state: 'flow',
      figure: formatCount(ledger.accepted),
      lines: [
        <a key="rejected" href="/requests">
          rejected requests
        </a>,
      ],
    },
    {
      station: 'Queued',
      state: queued,
      figure: formatCount(queue.waiting + queue.active + queue.delayed),
      lines: [
        oldestWaitingMs === null ? 'nothing waits' : `oldest ${formatDuration(oldestWaitingMs)}`,
        inbox > 0 ? `${formatCount(inbox)} in the inbox` : null,
      ],
      href: '/events?status=pending',
    },
    {
      station: 'Normalized',
      state: byStatus.failed > 0 ? 'slow' : 'flow',
      figure: formatCount(ledger.normalized + ledger.duplicate),
      lines: [
        `${formatCount(ledger.duplicate)} duplicate`,
        byStatus.failed > 0 ? `${formatCount(byStatus.failed)} will be retried` : null,
      ],
      href: '/events?status=duplicate',
    },
    {
      station: 'Stored',
      state: ledger.dead > 0 ? 'stopped' : 'flow',
      figure: formatCount(ledger.normalized),
      lines: [
        ledger.dead > 0 ? (
          <a key="dead" href="/dead-letters">
            {formatCount(ledger.dead)} dead
          </a>
        ) : (
          'none dead'
        ),
      ],
      href: '/normalized',
    },
    { station: 'Replicated', state: 'off', figure: '–', lines: ['no backup is set up'] },
  ];
}

function Queue({ stats: { queue } }: { readonly stats: Stats }) {
  const rows = [
    ['Waiting', queue.waiting],
    ['Active', queue.active],
    ['Delayed', queue.delayed],
    ['Parked', queue.parked],
    ['Failed jobs', queue.failed],
  ] as const;
  return (
    <dl style={{ display: 'flex', flexWrap: 'wrap', gap: '8px 32px', margin: 0 }}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt style={{ color: 'var(--muted)', fontSize: 11, lineHeight: '16px' }}>{name}</dt>
          <dd style={{ margin: 0, fontSize: 16, lineHeight: '24px' }}>{formatCount(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
