import type { Aggregates as Answer } from '@sluice/contracts/aggregates';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { formatCount, formatFigure, plural } from '../../ui/numbers.ts';
import { PageHead, Section } from '../../ui/page.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import styles from './aggregates.module.css';
import { EventBars } from './event-bars.tsx';
import { type AggregatesSearch, INTERVALS, RANGES } from './search.ts';
import { sumByMetric } from './sum-by-metric.ts';

const REFRESH_MS = 3000;

const FILTERS = [
  { name: 'source', label: 'Client', example: 'shop' },
  { name: 'metric', label: 'Metric', example: 'sales' },
  { name: 'from', label: 'From', example: '2026-11-21T00:00:00Z' },
  { name: 'to', label: 'Before', example: '2026-11-22' },
] as const;

/** Answers: how much of what, for which client, when. By the events' own time. */
export function Aggregates() {
  const search = useSearch({ from: '/shell/aggregates' });
  const navigate = useNavigate();
  const { source, metric, from, to, interval = 'hour' } = search;
  const go = (next: AggregatesSearch) => void navigate({ to: '/aggregates', search: next });
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['aggregates', search],
    queryFn: ({ signal }) =>
      read<Answer>('/api/aggregates', { source, metric, startDate: from, endDate: to, interval }, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const failure = error instanceof Failure ? error : null;
  return (
    <>
      <PageHead title="Aggregates">
        <fieldset className={styles['choices']} aria-label="Range">
          {RANGES.map((range) => (
            <button
              key={range.name}
              type="button"
              onClick={() =>
                go({
                  ...search,
                  from: new Date(Date.now() - range.hours * 3_600_000).toISOString(),
                  to: '',
                  interval: range.interval,
                })
              }
            >
              {range.name}
            </button>
          ))}
        </fieldset>
        <fieldset className={styles['choices']} aria-label="Bucket">
          {INTERVALS.map(([value, name]) => (
            <button
              key={value}
              type="button"
              aria-pressed={value === interval}
              onClick={() => go({ ...search, interval: value })}
            >
              {name}
            </button>
          ))}
        </fieldset>
      </PageHead>
      <FilterBar fields={FILTERS} values={search} onFilter={(values) => go({ ...values, interval })} />
      {failure !== null && (
        <Failed
          what="The aggregates could not be loaded"
          failure={failure}
          onRetry={() => void refetch()}
          {...(data === undefined ? {} : { asOf: dataUpdatedAt })}
        />
      )}
      {isPending && failure === null && <Loading rows={8} />}
      {data !== undefined && <Results answer={data} interval={interval} />}
    </>
  );
}

function Results({ answer, interval }: { readonly answer: Answer; readonly interval: string }) {
  const { series, events, totals } = answer;
  if (series.length === 0 && events.length === 0) {
    return <Empty title="No event of this time and filter has a number" />;
  }
  const rows = sumByMetric(series);
  return (
    <>
      {events.length > 0 && (
        <Section title="Events by client" aside={`${plural(totals.events, 'event')}, per ${interval}`}>
          <EventBars events={events} />
        </Section>
      )}
      <Section title="Metrics by client" aside={`${plural(totals.count, 'value')}`}>
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">Client</th>
              <th scope="col">Metric</th>
              <th scope="col">Count</th>
              <th scope="col">Sum</th>
              <th scope="col">Least</th>
              <th scope="col">Mean</th>
              <th scope="col">Most</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.source} ${row.metric}`}>
                <th scope="row">{row.source}</th>
                <td>{row.metric}</td>
                <td>{formatCount(row.count)}</td>
                <td>{formatFigure(row.sum)}</td>
                <td>{formatFigure(row.min)}</td>
                <td>{formatFigure(row.sum / row.count)}</td>
                <td>{formatFigure(row.max)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {totals.leftOut > 0 && (
          <p className={styles['note']}>
            {plural(totals.leftOut, 'value')} left out: an event or a client had too many metrics, or too long
            names.
          </p>
        )}
      </Section>
    </>
  );
}
