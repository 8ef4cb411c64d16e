import type { DeadLetters } from '@sluice/contracts/dead-letters';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { formatCount } from '../../ui/numbers.ts';
import { Failed, Loading } from '../../ui/states.tsx';
import { Age } from '../../ui/time.tsx';
import styles from './overview.module.css';

const COUNT = 5;
const REFRESH_MS = 5000;

/** Lists the causes of most dead letters; one click leads to their events. */
export function TopCauses() {
  const { data, error, refetch } = useQuery({
    queryKey: ['dead-letters', 'top'],
    queryFn: ({ signal }) => read<DeadLetters>('/api/dead-letters', { limit: COUNT }, signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <>
      {data === undefined ? (
        error instanceof Failure ? (
          <Failed
            what="The dead letters could not be loaded"
            failure={error}
            onRetry={() => void refetch()}
          />
        ) : (
          <Loading rows={4} />
        )
      ) : data.items.length === 0 ? (
        <p className={styles['none']}>No event is dead.</p>
      ) : (
        <ol className={styles['causes']}>
          {data.items.map(({ fingerprint, count, message, code, newest }) => (
            <li key={fingerprint}>
              <span>{formatCount(count)}</span>
              <div>
                <Link to="/dead-letters/$fingerprint" params={{ fingerprint }}>
                  {message}
                </Link>
                <p>
                  <code>{code}</code> · newest <Age at={newest} />
                </p>
              </div>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
