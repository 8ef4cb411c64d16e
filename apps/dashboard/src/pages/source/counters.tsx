import type { HourlyStats } from '@sluice/contracts/hourly-stats';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { toFailure } from '../../data/failure.ts';
import { read } from '../../data/http.ts';
import { formatCount } from '../../ui/numbers.ts';
import { Facts } from '../../ui/page.tsx';
import { Failed, Loading } from '../../ui/states.tsx';
import { type Mark, Status } from '../../ui/status-glyph.tsx';
import styles from './source.module.css';

const REFRESH_MS = 5000;

const STATUSES = ['normalized', 'duplicate', 'failed', 'dead'] as const satisfies readonly Mark[];

/** Counts what became of the events that a source sent in the last 24 hours. */
export function Counters({ id }: { readonly id: string }) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['hourly', id],
    queryFn: ({ signal }) => read<HourlyStats>('/api/events/stats/hourly', { source: id }, signal),
    refetchInterval: REFRESH_MS,
  });
  const failure = toFailure(error);
  if (data === undefined) {
    return failure === null || isPending ? (
      <Loading rows={2} />
    ) : (
      <Failed what="The counts could not be loaded" failure={failure} onRetry={() => void refetch()} />
    );
  }
  const { totals } = data;
  return (
    <div className={styles['counts']}>
      <Facts
        facts={[
          ['Stored', formatCount(totals.accepted)],
          ...STATUSES.map(
            (status) =>
              [
                status === 'failed' ? 'Failed, will retry' : status.charAt(0).toUpperCase() + status.slice(1),
                <Link key={status} to="/events" search={{ source: id, status }}>
                  {totals[status] === 0 ? '0' : <Status mark={status}>{formatCount(totals[status])}</Status>}
                </Link>,
              ] as const,
          ),
        ]}
      />
    </div>
  );
}
