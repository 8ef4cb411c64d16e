import type { EventCount } from '@sluice/contracts/aggregates';
import { type Bar, BarChart, type Series } from '../../ui/bar-chart.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import type { Columns } from './columns.ts';

/** How many clients get a series of their own; hue means state here, so they differ by shade and pattern. */
const LOOKS = [
  { color: 'var(--text)' },
  { color: 'var(--text)', pattern: 'hatch' },
  { color: 'var(--control)' },
  { color: 'var(--control)', pattern: 'dots' },
] as const;

const OTHERS = 'all others';

/** Draws how many events each client had in each column; the largest four by name. */
export function EventBars({
  events,
  columns,
}: {
  readonly events: readonly EventCount[];
  readonly columns: Columns;
}) {
  const totals = new Map<string, number>();
  for (const { source, count } of events) totals.set(source, (totals.get(source) ?? 0) + count);
  const largest = [...totals].toSorted(([, a], [, b]) => b - a).map(([source]) => source);
  const named = largest.length <= LOOKS.length ? largest : largest.slice(0, LOOKS.length - 1);
  const names = named.length === largest.length ? named : [...named, OTHERS];
  const counts = new Map<string, Record<string, number>>();
  for (const { bucket, source, count } of events) {
    const time = columns.toTime(bucket);
    const bar = counts.get(time) ?? Object.fromEntries(names.map((name) => [name, 0]));
    const name = named.includes(source) ? source : OTHERS;
    bar[name] = (bar[name] ?? 0) + count;
    counts.set(time, bar);
  }
  const series: readonly Series<string>[] = names.map((name, index) => ({
    key: name,
    name,
    ...(LOOKS[index] ?? LOOKS[0]),
  }));
  const nothing = Object.fromEntries(names.map((name) => [name, 0]));
  const bars: readonly Bar<string>[] = columns.times.map((at) => ({ at, counts: counts.get(at) ?? nothing }));
  const total = [...totals.values()].reduce((sum, count) => sum + count, 0);
  const summary = `${plural(total, 'event')} of ${plural(totals.size, 'client')}; most of ${largest[0] ?? 'nobody'}, ${formatCount(totals.get(largest[0] ?? '') ?? 0)}.`;
  return <BarChart title="Events" summary={summary} series={series} bars={bars} isOpen={columns.isOpen} />;
}
