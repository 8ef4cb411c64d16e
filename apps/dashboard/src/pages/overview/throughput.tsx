import { BarChart, type Series } from '../../ui/bar-chart.tsx';
import type { Crosshair } from '../../ui/chart-frame.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { type Column, type Outcome, sumColumns } from './outcomes.ts';
import type { Range } from './search.ts';

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
  range,
  crosshair,
}: {
  readonly columns: readonly Column[];
  readonly range: Range;
  readonly crosshair: Crosshair;
}) {
  const sums = sumColumns(columns);
  const summary = `In ${range.name} ${plural(sums.normalized, 'event')} became records, ${formatCount(sums.duplicate)} were duplicates, ${formatCount(sums.dead)} died, ${plural(sums.rejected, 'request')} were refused.`;
  const isHourly = range.stepMs >= 3_600_000;
  return (
    <BarChart
      title={`Events per ${range.step}, by outcome`}
      summary={summary}
      series={SERIES}
      bars={columns}
      isOpen={columns.at(-1)?.counts !== null}
      crosshair={crosshair}
      note={
        isHourly
          ? 'By arrival, as they stand now: failed = waiting for another attempt.'
          : 'When they were settled: failed counts attempts that are repeated, dead counts events.'
      }
    />
  );
}
