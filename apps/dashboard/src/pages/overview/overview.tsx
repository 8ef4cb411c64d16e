import type { Stats } from '@sluice/contracts/api';
import { addLatencies, readLatency } from '@sluice/contracts/latency';
import type { SyncHealth } from '@sluice/contracts/sync';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { useLiveState } from '../../data/live-context.ts';
import { statsQuery } from '../../data/stats.ts';
import { useCrosshair } from '../../ui/chart-frame.tsx';
import { Choices } from '../../ui/choices.tsx';
import { formatCount } from '../../ui/numbers.ts';
import { PageHead, Section } from '../../ui/page.tsx';
import { Rail } from '../../ui/rail.tsx';
import { Failed, Loading, StaleFrame } from '../../ui/states.tsx';
import { formatDuration } from '../../ui/time.tsx';
import { BySource } from './by-source.tsx';
import { FirstSteps } from './first-steps.tsx';
import { Latency } from './latency.tsx';
import { LedgerLine } from './ledger-line.tsx';
import { type Column, sumColumns } from './outcomes.ts';
import styles from './overview.module.css';
import { type OverviewSearch, RANGES, toRange } from './search.ts';
import { toStations } from './stations.tsx';
import { Throughput } from './throughput.tsx';
import { TopCauses } from './top-causes.tsx';
import { type Outcomes, useOutcomes } from './use-outcomes.ts';

const BACKUP_REFRESH_MS = 5000;

const backupQuery = queryOptions({
  queryKey: ['sync-health'],
  queryFn: ({ signal }) => read<SyncHealth>('/api/sync/health', {}, signal),
  refetchInterval: BACKUP_REFRESH_MS,
  retry: false,
});

/** Answers: is anything wrong, where, and since when. */
export function Overview() {
  const search = useSearch({ from: '/shell/overview' });
  const navigate = useNavigate();
  const range = toRange(search);
  const { data: stats, error, dataUpdatedAt, refetch } = useQuery(statsQuery);
  const { outcomes, failure, refetch: refetchOutcomes } = useOutcomes(range, search.source);
  const { connection } = useLiveState();
  const statsFailure = error instanceof Failure ? error : null;
  const go = (next: OverviewSearch) => void navigate({ to: '/overview', search: next, replace: true });
  const isStale = connection === 'stale' || statsFailure !== null;
  // The ledger and the queue are of the whole system: a key of another tenant is not told of them.
  const whole = stats !== undefined && 'ledger' in stats ? stats : null;
  const isEmpty = whole !== null && whole.ledger.accepted === 0 && whole.queue.waiting === 0;
  return (
    <>
      <PageHead title="Overview">
        <Choices
          label="Range"
          choices={RANGES.map(({ value, name }) => [value, name] as const)}
          chosen={range.value}
          onChoose={(value) => go({ ...search, range: value })}
        />
        <SourceFilter
          source={search.source}
          sources={outcomes?.sources.map(({ source }) => source) ?? []}
          onChoose={({ source }) => {
            const { source: _before, ...rest } = search;
            go(source === undefined ? rest : { ...rest, source });
          }}
        />
        {outcomes !== undefined && <Lag columns={outcomes.columns} />}
      </PageHead>
      {statsFailure !== null && (
        <Failed
          what="The figures could not be loaded"
          failure={statsFailure}
          onRetry={() => void refetch()}
          {...(stats === undefined ? {} : { asOf: dataUpdatedAt })}
        />
      )}
      {failure !== null && (
        <Failed
          what="The counts of this range could not be loaded"
          failure={failure}
          onRetry={() => void refetchOutcomes()}
          {...(outcomes === undefined ? {} : { asOf: outcomes.loadedAt })}
        />
      )}
      {(stats === undefined || outcomes === undefined) && statsFailure === null && failure === null && (
        <Loading rows={6} label="Loading the figures" />
      )}
      {isEmpty && <FirstSteps />}
      {stats !== undefined && outcomes !== undefined && (
        <StaleFrame asOf={isStale ? dataUpdatedAt : null}>
          <Figures stats={whole} outcomes={outcomes} search={search} />
        </StaleFrame>
      )}
    </>
  );
}

function Figures({
  stats,
  outcomes,
  search,
}: {
  readonly stats: Stats | null;
  readonly outcomes: Outcomes;
  readonly search: OverviewSearch;
}) {
  const range = toRange(search);
  const crosshair = useCrosshair();
  const { columns, sources, sourcesOf } = outcomes;
  const { data: backup = null } = useQuery(backupQuery);
  const charts = { columns, range, crosshair };
  return (
    <>
      {stats !== null && (
        <>
          <Rail stations={toStations(stats, sumColumns(columns), range.spanMs, backup)} />
          <LedgerLine ledger={stats.ledger} />
        </>
      )}
      <div className={styles['charts']}>
        <Throughput {...charts} />
        <Latency {...charts} />
      </div>
      <div className={styles['lists']}>
        <Section title="Top failures" aside="all dead letters there are">
          <TopCauses />
        </Section>
        <Section title="By source" aside={sourcesOf ?? `in ${range.name}`}>
          <BySource sources={sources} />
        </Section>
      </div>
      {stats !== null && (
        <Section title="Queue" aside="now">
          <Queue stats={stats} />
        </Section>
      )}
    </>
  );
}

/** How late the pipeline is now: of what was stored in the last columns. */
function Lag({ columns }: { readonly columns: readonly Column[] }) {
  const p95 = readLatency(addLatencies(columns.slice(-4).map(({ latency }) => latency)), 0.95);
  return (
    <span className={styles['lag']}>
      pipeline lag p95 <b>{p95 === null ? 'no events' : formatDuration(p95)}</b>
    </span>
  );
}

function SourceFilter({
  source,
  sources,
  onChoose,
}: {
  readonly source: string | undefined;
  readonly sources: readonly string[];
  readonly onChoose: (choice: { readonly source: string | undefined }) => void;
}) {
  const names = [...new Set([...(source === undefined ? [] : [source]), ...sources])].toSorted();
  return (
    <label className={styles['filter']}>
      <span>Source</span>
      <select
        value={source ?? ''}
        onChange={({ target }) => onChoose({ source: target.value === '' ? undefined : target.value })}
      >
        <option value="">all</option>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
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
    <dl className={styles['queue']}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{formatCount(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
