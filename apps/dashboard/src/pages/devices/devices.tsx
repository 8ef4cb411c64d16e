import type { Vitals } from '@sluice/contracts/api';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { formatCount, formatFigure } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Age, Time } from '../../ui/time.tsx';
import styles from './devices.module.css';
import { type DeviceSearch, SORTS, type Sort } from './search.ts';

const PAGE_SIZE = 100;
const REFRESH_MS = 2000;

const NAMES: Readonly<Record<Sort, string>> = {
  deviceId: 'Device',
  heartRate: 'Heart rate',
  breathRate: 'Breath rate',
  timestamp: 'Newest reading',
};

/** Answers: which device is silent, or off its range. */
export function Devices() {
  const search = useSearch({ from: '/shell/devices' });
  const navigate = useNavigate();
  const { sort = 'timestamp', order = 'desc', page = 0 } = search;
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['vital-data', sort, order, page],
    queryFn: ({ signal }) =>
      read<Vitals>(
        '/vital-data',
        { count: PAGE_SIZE, offset: page * PAGE_SIZE, sortBy: sort, orderBy: order },
        signal,
      ),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const go = (next: DeviceSearch) => void navigate({ to: '/devices', search: next });
  const failure = error instanceof Failure ? error : null;
  const pages = data === undefined ? 0 : Math.ceil(data.total / PAGE_SIZE);
  return (
    <>
      <PageHead title="Latest per device">
        {data !== undefined && <span>{formatCount(data.total)} devices</span>}
      </PageHead>
      {failure !== null && (
        <Failed
          what="The devices could not be loaded"
          failure={failure}
          onRetry={() => void refetch()}
          {...(data === undefined ? {} : { asOf: dataUpdatedAt })}
        />
      )}
      {isPending && failure === null && <Loading rows={12} />}
      {data !== undefined && data.total === 0 && (
        <Empty title="No device has sent vital data yet">
          Send some to <code>POST /vital-data</code>.
        </Empty>
      )}
      {data !== undefined && data.total > 0 && (
        <>
          <table className={styles['table']}>
            <thead>
              <tr>
                {SORTS.map((name) => (
                  <th
                    key={name}
                    scope="col"
                    aria-sort={name === sort ? (order === 'asc' ? 'ascending' : 'descending') : 'none'}
                  >
                    <button
                      type="button"
                      onClick={() =>
                        go({ sort: name, order: name === sort && order === 'desc' ? 'asc' : 'desc' })
                      }
                    >
                      {NAMES[name]}{' '}
                      <span aria-hidden="true">{name === sort ? (order === 'asc' ? '↑' : '↓') : ''}</span>
                    </button>
                  </th>
                ))}
                <th scope="col">Age</th>
              </tr>
            </thead>
            <tbody>
              {data.resources.map(({ deviceId, timestamp, ...vitals }) => (
                <tr key={deviceId}>
                  <th scope="row">{deviceId}</th>
                  <td>{toRate(vitals['heartRate'], 'bpm')}</td>
                  <td>{toRate(vitals['breathRate'], '/min')}</td>
                  <td>
                    <Time at={timestamp * 1000} withDate />
                  </td>
                  <td>
                    <Age at={timestamp * 1000} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {pages > 1 && (
            <nav className={styles['pages']} aria-label="Pages of devices">
              <Action
                reason={page === 0 ? 'first page' : undefined}
                onClick={() => go({ ...search, page: page - 1 })}
              >
                Previous 100
              </Action>
              <span>
                {formatCount(page + 1)} of {formatCount(pages)}
              </span>
              <Action
                reason={page + 1 >= pages ? 'last page' : undefined}
                onClick={() => go({ ...search, page: page + 1 })}
              >
                Next 100
              </Action>
            </nav>
          )}
        </>
      )}
    </>
  );
}

function toRate(value: unknown, unit: string): string {
  return typeof value === 'number' ? `${formatFigure(value)} ${unit}` : '';
}
