import type { Stats } from '@sluice/contracts/api';
import { addLatencies, readLatency } from '@sluice/contracts/latency';
import type { SyncHealth } from '@sluice/contracts/sync';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { useLiveState } from '../../data/live-context.ts';
import { statsQuery } from '../../data/stats.ts';
import { type Span, useCrosshair } from '../../ui/crosshair.ts';
import { PageHead, Section } from '../../ui/page.tsx';
import { Rail } from '../../ui/rail.tsx';
import { Failed, Loading, StaleFrame } from '../../ui/states.tsx';
import { formatDuration } from '../../ui/time.tsx';
import { BySource } from './by-source.tsx';
import { Counts } from './counts.tsx';
import { FirstSteps } from './first-steps.tsx';
import { describeMark } from './history.ts';
import { Latency } from './latency.tsx';
import { LedgerLine } from './ledger-line.tsx';
import { Marks } from './marks.tsx';
import { type Column, sumColumns, toKnownMs } from './outcomes.ts';
import styles from './overview.module.css';
import { PollsDue } from './polls-due.tsx';
import type { Previous } from './previous.ts';
import { type OverviewSearch, toTexts, widen } from './search.ts';
import { toShownTime } from './shown-time.ts';
import { toStations } from './stations.tsx';
import { Throughput } from './throughput.tsx';
import { TimeChoice } from './time-choice.tsx';
import { TopCauses } from './top-causes.tsx';
import { useHistory } from './use-history.ts';
import { type Outcomes, useOutcomes } from './use-outcomes.ts';
import { usePrevious } from './use-previous.ts';
import { Waiting } from './waiting.tsx';

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
  const { data: stats, error, dataUpdatedAt, refetch } = useQuery(statsQuery);
  const { outcomes, failure, refetch: refetchOutcomes } = useOutcomes(search);
  const history = useHistory(search);
  const before = usePrevious(search);
  const { connection } = useLiveState();
  const statsFailure = error instanceof Failure ? error : null;
  const go = (next: OverviewSearch, isStep = false) =>
    void navigate({ to: '/overview', search: next, replace: !isStep, resetScroll: false });
  const isStale = connection === 'stale' || statsFailure !== null;
  // Charts that come later would move what stands below them.
  const isReady = stats !== undefined && outcomes !== undefined && !history.isAwaited;
  // The ledger and the queue are of the whole system: a key of another tenant is not told of them.
  const whole = stats !== undefined && 'ledger' in stats ? stats : null;
  const isEmpty = whole !== null && whole.ledger.accepted === 0 && whole.queue.waiting === 0;
  return (
    <>
      <PageHead title="Overview">
        <TimeChoice
          search={search}
          shown={outcomes?.time ?? toShownTime(search, Date.now())}
          onGo={(next, isStep) => go(next, isStep)}
        />
        <SourceFilter
          source={search.source}
          sources={outcomes?.sources.map(({ source }) => source) ?? []}
          onChoose={({ source }) => {
            const { source: _before, ...rest } = search;
            go(source === undefined ? rest : { ...rest, source });
          }}
        />
        {outcomes?.time.isLive && <Lag columns={outcomes.columns} />}
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
      {before.failure !== null && (
        <Failed
          what="The time before could not be loaded"
          failure={before.failure}
          onRetry={() => void before.refetch()}
        />
      )}
      {!isReady && statsFailure === null && failure === null && (
        <Loading rows={6} label="Loading the figures" />
      )}
      {isEmpty && <FirstSteps />}
      {isReady && (
        <StaleFrame asOf={isStale ? dataUpdatedAt : null}>
          <Figures
            stats={whole}
            outcomes={outcomes}
            history={history}
            // While another time is loaded the charts still show the last one.
            previous={before.previous?.time.key === outcomes.time.key ? before.previous : undefined}
            onZoom={(span) => {
              const part = { fromMs: Date.parse(span.from), toMs: Date.parse(span.to) };
              go({ ...search, ...toTexts(widen(part)) }, true);
            }}
          />
        </StaleFrame>
      )}
    </>
  );
}

function Figures({
  stats,
  outcomes,
  history: { history, failure, refetch, loadedMs },
  previous,
  onZoom,
}: {
  readonly stats: Stats | null;
  readonly outcomes: Outcomes;
  readonly history: ReturnType<typeof useHistory>;
  readonly previous: Previous | undefined;
  readonly onZoom: (span: Span) => void;
}) {
  const crosshair = useCrosshair(onZoom);
  const { time, columns, sources, rejectedKnownFrom } = outcomes;
  const { data: backup = null } = useQuery(backupQuery);
  const knownMs = toKnownMs(columns, time.stepMs);
  const told = history?.marks ?? [];
  const marks = told.map((mark) => ({ at: mark.at, words: describeMark(mark) }));
  const charts = { time, crosshair, marks, previous };
  return (
    <>
      {stats !== null && (
        <>
          <Rail
            stations={toStations(stats, sumColumns(columns), knownMs, backup, rejectedKnownFrom === null)}
          />
          <LedgerLine ledger={stats.ledger} />
        </>
      )}
      <div className={styles['charts']}>
        <Throughput {...charts} columns={columns} rejectedKnownFrom={rejectedKnownFrom} />
        <Latency {...charts} columns={columns} />
      </div>
      {history !== undefined && <Waiting {...charts} history={history} loadedMs={loadedMs} />}
      {failure !== null && failure.status !== 403 && (
        <Failed
          what="What waited in this time could not be loaded"
          failure={failure}
          onRetry={() => void refetch()}
          {...(history === undefined ? {} : { asOf: loadedMs })}
        />
      )}
      <Marks marks={told} time={time} previous={previous} />
      <div className={styles['lists']}>
        <Section title="Top failures" aside="all dead letters there are">
          <TopCauses />
        </Section>
        <Section title="By source" aside={`in ${time.name}`}>
          <BySource sources={sources} isKnown={knownMs > 0} />
        </Section>
        <Section title="Polls due" aside="now">
          <PollsDue />
        </Section>
        {stats !== null && (
          <Section title="Queue" aside="now">
            <Counts counts={toQueueCounts(stats)} />
          </Section>
        )}
      </div>
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

function toQueueCounts({ queue }: Stats) {
  return [
    { name: 'Waiting', count: queue.waiting },
    { name: 'Active', count: queue.active },
    { name: 'Delayed', count: queue.delayed },
    { name: 'Parked', count: queue.parked },
    { name: 'Failed jobs', count: queue.failed },
  ];
}
