import type { Aggregates as Answer } from '@sluice/contracts/aggregates';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { useLiveState } from '../../data/live-context.ts';
import { Action } from '../../ui/action.tsx';
import { Choices } from '../../ui/choices.tsx';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { formatCount, formatFigure, plural } from '../../ui/numbers.ts';
import { PageHead, Section } from '../../ui/page.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Empty, Failed, Loading, StaleFrame } from '../../ui/states.tsx';
import { useWindowWidth } from '../../ui/window-width.ts';
import styles from './aggregates.module.css';
import { ByClient } from './by-client.tsx';
import { toColumns } from './columns.ts';
import { toCsv } from './csv.ts';
import { EventBars } from './event-bars.tsx';
import { type AggregatesSearch, INTERVALS, type Interval, RANGES } from './search.ts';
import { sumByMetric } from './sum-by-metric.ts';

const REFRESH_MS = 3000;

/** What a column takes of the window's width at least, in px, so that its bars can be seen; more than 200 cannot be told apart. */
const COLUMN_WIDTH = 6;
const MAX_COLUMNS = 200;

const FILTERS = [
  { name: 'source', label: 'Client', example: 'shop' },
  { name: 'metric', label: 'Metric', example: 'sales' },
  { name: 'from', label: 'From', example: '2026-11-21T00:00:00Z' },
  { name: 'to', label: 'Until', example: '2026-11-22' },
] as const;

/** Answers: how much of what, for which client, when. By the events' own time. */
export function Aggregates() {
  const search = useSearch({ from: '/shell/aggregates' });
  const navigate = useNavigate();
  const { connection } = useLiveState();
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
        <Choices
          label="Range"
          chosen={null}
          choices={RANGES.map(({ name }) => [name, name] as const)}
          onChoose={(chosen) => {
            const range = RANGES.find(({ name }) => name === chosen) ?? RANGES[0];
            const { to: _end, ...rest } = search;
            const start = new Date(Date.now() - range.hours * 3_600_000).toISOString();
            go({ ...rest, from: start, interval: range.interval });
          }}
        />
        <Choices
          label="Bucket"
          chosen={interval}
          choices={INTERVALS}
          onChoose={(chosen) => go({ ...search, interval: chosen })}
        />
        {data !== undefined && data.series.length > 0 && (
          <Action onClick={() => download(toCsv(data.series))}>Download CSV</Action>
        )}
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
      {isPending && failure === null && <Loading rows={8} label="Loading the aggregates" />}
      {data !== undefined && (
        <StaleFrame asOf={connection === 'stale' ? dataUpdatedAt : null}>
          <Results answer={data} interval={interval} search={search} />
        </StaleFrame>
      )}
    </>
  );
}

function Results({
  answer,
  interval,
  search,
}: {
  readonly answer: Answer;
  readonly interval: Interval;
  readonly search: AggregatesSearch;
}) {
  const { series, events, totals } = answer;
  const width = useWindowWidth();
  const most = Math.min(MAX_COLUMNS, Math.floor(width / COLUMN_WIDTH));
  const columns = toColumns(
    events.map(({ bucket }) => bucket),
    interval,
    Date.now(),
    most,
  );
  if (series.length === 0 && events.length === 0) {
    return <Empty title="No event of this time and filter has a number" />;
  }
  const rows = sumByMetric(series);
  return (
    <>
      {events.length > 0 && (
        <Section
          title="Events by client"
          aside={`${plural(totals.events, 'event')}, per ${columns.length}, by their own time`}
        >
          <EventBars events={events} columns={columns} />
        </Section>
      )}
      <Section title="Outcomes by client" aside="by whole hours of arrival; the last 24 without a range">
        <ByClient series={series} source={search.source} from={search.from} to={search.to} />
      </Section>
      <Section title="Metrics by client" aside={`${plural(totals.count, 'value')}`}>
        <PlainTable label="Metrics by client">
          <thead>
            <tr>
              <th scope="col">Client</th>
              <th scope="col">Metric</th>
              {['Count', 'Sum', 'Least', 'Mean', 'Most'].map((name) => (
                <th key={name} scope="col" data-align="right" data-from={isEssential(name) ? undefined : 600}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.source} ${row.metric}`}>
                <th scope="row">{row.source}</th>
                <td>{row.metric}</td>
                <td data-align="right">{formatCount(row.count)}</td>
                <td data-align="right" data-from="600">
                  {formatFigure(row.sum)}
                </td>
                <td data-align="right" data-from="600">
                  {formatFigure(row.min)}
                </td>
                <td data-align="right">{formatFigure(row.sum / row.count)}</td>
                <td data-align="right" data-from="600">
                  {formatFigure(row.max)}
                </td>
              </tr>
            ))}
          </tbody>
        </PlainTable>
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

/** Shown on a telephone too. */
function isEssential(name: string): boolean {
  return name === 'Count' || name === 'Mean';
}

/** Hands a file to the browser to save. */
function download(csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'aggregates.csv';
  link.click();
  URL.revokeObjectURL(url);
}
