import type { NormalizedItem } from '@sluice/contracts/api';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import type { Page } from '../../data/use-live-rows.ts';
import { useNow } from '../../ui/clock.ts';
import { useCrosshair } from '../../ui/crosshair.ts';
import { LineChart } from '../../ui/line-chart.tsx';
import { formatFigure, plural } from '../../ui/numbers.ts';
import { PageHead, Section } from '../../ui/page.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Age, Time } from '../../ui/time.tsx';
import styles from './device.module.css';
import { toVitalLines } from './readings.ts';

const DAY_MS = 86_400_000;
const QUARTER_MS = 15 * 60_000;
const REFRESH_MS = 5000;
const LIMIT = 500;

/** Answers: how was this device over the last day. */
export function Device() {
  const { id } = useParams({ from: '/shell/devices/$id' });
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['device', id],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - DAY_MS).toISOString();
      return read<Page<NormalizedItem>>(
        '/api/events/normalized',
        { subject: id, from, limit: LIMIT },
        signal,
      );
    },
    refetchInterval: REFRESH_MS,
  });
  const newest = data?.items[0];
  return (
    <>
      <PageHead title={id}>
        {newest !== undefined && newest.timestamp !== null && (
          <span>
            newest reading <Time at={newest.timestamp} withDate />, <Age at={newest.timestamp} />
          </span>
        )}
      </PageHead>
      {error instanceof Failure && (
        <Failed what="The readings could not be loaded" failure={error} onRetry={() => void refetch()} />
      )}
      {isPending && error === null && <Loading rows={8} label="Loading the readings" />}
      {data !== undefined && data.items.length === 0 && (
        <Empty title={`No reading of ${id} in the last 24 hours`}>
          <Link to="/normalized" search={{ subject: id }}>
            All records of this device
          </Link>
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Day id={id} readings={data.items} isCut={data.nextCursor !== null} />
      )}
    </>
  );
}

function Day({
  id,
  readings,
  isCut,
}: {
  readonly id: string;
  readonly readings: readonly NormalizedItem[];
  readonly isCut: boolean;
}) {
  const crosshair = useCrosshair();
  const quarter = Math.floor(useNow() / QUARTER_MS) * QUARTER_MS;
  const { times, lines } = toVitalLines(readings, quarter);
  return (
    <Section
      title="Last 24 hours"
      aside={
        isCut
          ? `the newest ${LIMIT} readings; means of 15 min`
          : `${plural(readings.length, 'reading')}; means of 15 min`
      }
    >
      <div className={styles['charts']}>
        {lines.map(({ name, values }) => {
          const last = values.findLast((value) => value !== null);
          return (
            <LineChart
              key={name}
              title={name}
              summary={`${name} of ${id}, last ${last === undefined || last === null ? 'unknown' : formatFigure(last)}.`}
              times={times}
              lines={[{ name: last === undefined || last === null ? '' : formatFigure(last), values }]}
              format={formatFigure}
              crosshair={crosshair}
            />
          );
        })}
      </div>
      <p>
        <Link to="/normalized" search={{ subject: id }}>
          All records of this device
        </Link>
      </p>
    </Section>
  );
}
