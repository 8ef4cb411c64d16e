import { BarChart, type Series } from '../../ui/bar-chart.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { Time } from '../../ui/time.tsx';
import type { ChartPlace } from './history.ts';
import { type Column, type Outcome, sumColumns } from './outcomes.ts';
import { toPreviousCounts } from './previous.ts';

const SERIES: readonly Series<Outcome>[] = [
  { key: 'normalized', name: 'normalized', color: 'var(--normalized)' },
  { key: 'duplicate', name: 'duplicate', color: 'var(--duplicate)', pattern: 'hatch' },
  { key: 'failed', name: 'failed', color: 'var(--failed)', pattern: 'dots' },
  { key: 'dead', name: 'dead', color: 'var(--dead)' },
  { key: 'rejected', name: 'rejected', color: 'var(--rejected)', below: true },
];

/** Draws what became of events over a range; what was refused never came in, so it hangs below the line. */
export function Throughput({
  columns,
  time,
  crosshair,
  marks,
  previous,
  rejectedKnownFrom,
}: ChartPlace & {
  readonly columns: readonly Column[];
  /** From when on refused requests are counted, where older ones were forgotten. */
  readonly rejectedKnownFrom: string | null;
}) {
  const sums = sumColumns(columns);
  const before =
    previous === undefined
      ? ''
      : ` The time before: ${plural(sumColumns(previous.columns).normalized, 'event')}.`;
  const isUnknown = columns.every(({ counts }) => counts === null);
  const summary = isUnknown
    ? `Nobody knows what became of events in ${time.name}.`
    : `In ${time.name} ${plural(sums.normalized, 'event')} became records, ${formatCount(sums.duplicate)} were duplicates, ${formatCount(sums.dead)} died, ${plural(sums.rejected, 'request')} were refused.${before}`;
  return (
    <BarChart
      title={`Events per ${time.step}, by outcome`}
      summary={summary}
      series={SERIES}
      bars={columns}
      isOpen={time.isLive && columns.at(-1)?.counts !== null}
      compared={
        previous && {
          name: 'before',
          counts: toPreviousCounts(
            columns.map(({ at }) => at),
            time.stepMs,
            previous,
          ),
        }
      }
      crosshair={crosshair}
      marks={marks}
      note={
        <>
          {time.isHourly
            ? 'By arrival, as they stand now: failed = waiting for another attempt.'
            : 'When they were settled: failed counts attempts that are repeated, dead counts events.'}
          {rejectedKnownFrom !== null && (
            <>
              {' '}
              What was rejected before <Time at={rejectedKnownFrom} withDate /> is not known any more.
            </>
          )}
        </>
      }
    />
  );
}
