import type { Vitals } from '@sluice/contracts/api';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { useLiveState } from '../../data/live-context.ts';
import { Action } from '../../ui/action.tsx';
import { useNow } from '../../ui/clock.ts';
import { formatCount, formatFigure, plural } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Empty, Failed, Loading, StaleFrame } from '../../ui/states.tsx';
import { Age, formatDuration, Time } from '../../ui/time.tsx';
import styles from './devices.module.css';
import { type DeviceSearch, SORTS, type Sort } from './search.ts';
import { toSilentAfterMs } from './silence.ts';

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
  const { connection } = useLiveState();
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
        {data !== undefined && <span>{plural(data.total, 'device')}</span>}
      </PageHead>
      {failure !== null && (
        <Failed
          what="The devices could not be loaded"
          failure={failure}
          onRetry={() => void refetch()}
          {...(data === undefined ? {} : { asOf: dataUpdatedAt })}
        />
      )}
      {isPending && failure === null && <Loading rows={12} label="Loading the devices" />}
      {data !== undefined && data.total === 0 && (
        <Empty title="No device has sent vital data yet">
          Send some to <code>POST /vital-data</code>.
        </Empty>
      )}
      {data !== undefined && data.total > 0 && (
        <StaleFrame asOf={connection === 'stale' ? dataUpdatedAt : null}>
          <List
            devices={data.resources}
            sort={sort}
            order={order}
            onSort={(name) => go({ sort: name, order: name === sort && order === 'desc' ? 'asc' : 'desc' })}
          />
        </StaleFrame>
      )}
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
  );
}

function List({
  devices,
  sort,
  order,
  onSort,
}: {
  readonly devices: Vitals['resources'];
  readonly sort: Sort;
  readonly order: 'asc' | 'desc';
  readonly onSort: (name: Sort) => void;
}) {
  const nowMs = useNow();
  const silentAfterMs = toSilentAfterMs(
    devices.map(({ timestamp }) => timestamp),
    nowMs,
  );
  return (
    <>
      <p className={styles['rule']}>
        Silent = no reading for {formatDuration(silentAfterMs)}: three times as long as half of these devices,
        a minute at least.
      </p>
      <PlainTable label="Devices">
        <thead>
          <tr>
            {SORTS.map((name) => (
              <th
                key={name}
                scope="col"
                data-align={name === 'heartRate' || name === 'breathRate' ? 'right' : undefined}
                aria-sort={name === sort ? (order === 'asc' ? 'ascending' : 'descending') : 'none'}
              >
                <button type="button" className={styles['sort']} onClick={() => onSort(name)}>
                  {NAMES[name]}{' '}
                  <span aria-hidden="true">{name === sort ? (order === 'asc' ? '↑' : '↓') : ''}</span>
                </button>
              </th>
            ))}
            <th scope="col" data-from="600">
              Age
            </th>
          </tr>
        </thead>
        <tbody>
          {devices.map(({ deviceId, timestamp, ...vitals }) => {
            const ageMs = nowMs - timestamp * 1000;
            return (
              <tr key={deviceId}>
                <th scope="row">
                  <Link to="/devices/$id" params={{ id: deviceId }} data-rove="">
                    <bdi>{deviceId}</bdi>
                  </Link>
                </th>
                <td data-align="right">{toRate(vitals['heartRate'], 'bpm')}</td>
                <td data-align="right">{toRate(vitals['breathRate'], '/min')}</td>
                <td>
                  <Time at={timestamp * 1000} withDate />
                  {ageMs > silentAfterMs && (
                    <span className={styles['silent']}>silent {formatDuration(ageMs)}</span>
                  )}
                </td>
                <td data-from="600">
                  <Age at={timestamp * 1000} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </PlainTable>
    </>
  );
}

function toRate(value: unknown, unit: string): string {
  return typeof value === 'number' ? `${formatFigure(value)} ${unit}` : '';
}
