import type { EventDetail } from '@sluice/contracts/api';
import type { DeadLetters } from '@sluice/contracts/dead-letters';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { read } from '../../data/http.ts';
import { formatCount } from '../../ui/numbers.ts';
import { Status } from '../../ui/status-glyph.tsx';
import { Age, Time } from '../../ui/time.tsx';
import { toCause } from './cause.ts';
import styles from './event.module.css';
import { Due } from './lanes.tsx';

/** Says in one look how an event stands, why, and how many others stand the same. */
export function Head({ detail }: { readonly detail: EventDetail }) {
  const { status, raw, timeline, duplicate } = detail;
  const dueAt = timeline.findLast((entry) => entry.dueAt !== undefined)?.dueAt;
  return (
    <header className={styles['head']} data-status={status}>
      <p className={styles['state']}>
        <Status mark={status}>
          {status === 'duplicate' && duplicate !== null ? `Duplicate: ${duplicate.level}` : undefined}
        </Status>
        {raw !== null && (
          <span className={styles['where']}>
            {raw.source} · {raw.via} · received <Time at={raw.receivedAt} withDate />,{' '}
            <Age at={raw.receivedAt} />
          </span>
        )}
      </p>
      <p className={styles['cause']}>
        {toCause(detail)}{' '}
        {status !== 'dead' && dueAt !== undefined && (
          <span className={styles['due']}>
            Next attempt <Due at={dueAt} />.
          </span>
        )}
      </p>
      {status === 'dead' && raw !== null && raw.fingerprint !== null && (
        <SameCause fingerprint={raw.fingerprint} code={raw.code} />
      )}
      {raw !== null && raw.discarded !== null && (
        <p className={styles['where']}>
          Discarded by {raw.discarded.by} at <Time at={raw.discarded.at} withDate />: {raw.discarded.reason}
        </p>
      )}
    </header>
  );
}

function SameCause({ fingerprint, code }: { readonly fingerprint: string; readonly code: string | null }) {
  const { data } = useQuery({
    queryKey: ['dead-letters', 'of', code],
    queryFn: ({ signal }) => read<DeadLetters>('/api/dead-letters', { code, limit: 500 }, signal),
    staleTime: 10_000,
  });
  const group = data?.items.find((one) => one.fingerprint === fingerprint);
  if (group === undefined) return null;
  return (
    <p className={styles['where']}>
      {group.count === 1
        ? 'The only dead letter of this cause'
        : `One of ${formatCount(group.count)} of this cause`}
      :{' '}
      <Link to="/dead-letters/$fingerprint" params={{ fingerprint }}>
        see the cause
      </Link>
    </p>
  );
}
