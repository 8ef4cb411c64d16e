import type { AggregateEntry } from '@sluice/contracts/aggregates';
import type { HourlyStats } from '@sluice/contracts/hourly-stats';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Failure, read } from '../../data/http.ts';
import { formatCount, formatFigure } from '../../ui/numbers.ts';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Failed } from '../../ui/states.tsx';
import { toSourceCounts } from '../overview/outcomes.ts';
import { sumByMetric } from './sum-by-metric.ts';

const REFRESH_MS = 5000;

/** The vital signs that have columns of their own. */
const VITALS = [
  ['heartRate', 'Heart rate'],
  ['breathRate', 'Breath rate'],
] as const;

/** What is counted, and from which width of the window on it is shown. */
const COUNTS = [
  ['accepted', 'Count', undefined],
  ['normalized', 'Normalized', 600],
  ['failed', 'Failed', 600],
  ['dead', 'Dead', undefined],
  ['duplicate', 'Duplicate', undefined],
] as const;

/** Lists what became of each client's events, and the spans of its vital signs. */
export function ByClient({
  series,
  source,
  from,
  to,
}: {
  readonly series: readonly AggregateEntry[];
  readonly source: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}) {
  const { data, error, refetch } = useQuery({
    queryKey: ['hourly', source, from, to],
    queryFn: ({ signal }) => read<HourlyStats>('/api/events/stats/hourly', { source, from, to }, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  if (data === undefined) {
    return error instanceof Failure ? (
      <Failed
        what="The counts by client could not be loaded"
        failure={error}
        onRetry={() => void refetch()}
      />
    ) : null;
  }
  const clients = toSourceCounts(data.hours);
  const vitals = sumByMetric(series);
  const hasVitals = VITALS.filter(([metric]) => vitals.some((row) => row.metric === metric));
  if (clients.length === 0) return <p>No event arrived in this time.</p>;
  return (
    <PlainTable label="Outcomes by client">
      <thead>
        <tr>
          <th scope="col">Client</th>
          {COUNTS.map(([name, words, from]) => (
            <th key={name} scope="col" data-align="right" data-from={from}>
              {words}
            </th>
          ))}
          {hasVitals.map(([metric, name]) => (
            <th key={metric} scope="col" data-align="right" data-from="900">
              {name}, mean (least to most)
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {clients.map(({ source: client, ...counts }) => (
          <tr key={client}>
            <th scope="row">{client}</th>
            {COUNTS.map(([name, , from]) => (
              <td key={name} data-align="right" data-from={from}>
                {formatCount(counts[name])}
              </td>
            ))}
            {hasVitals.map(([metric]) => {
              const row = vitals.find((one) => one.source === client && one.metric === metric);
              return (
                <td key={metric} data-align="right" data-from="900">
                  {row === undefined
                    ? ''
                    : `${formatFigure(row.sum / row.count)} (${formatFigure(row.min)} to ${formatFigure(row.max)})`}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </PlainTable>
  );
}
