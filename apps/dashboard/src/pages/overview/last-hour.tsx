import { useQuery } from '@tanstack/react-query';
import { Failure } from '../../data/http.ts';
import { recentQuery } from '../../data/recent.ts';
import { BarChart, type Series } from '../../ui/bar-chart.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { Failed, Loading } from '../../ui/states.tsx';

type Outcome = 'normalized' | 'duplicate' | 'failed' | 'dead';

/** Failed counts attempts that will be repeated, dead counts events. */
const SERIES: readonly Series<Outcome>[] = [
  { key: 'normalized', name: 'normalized', color: 'var(--normalized)' },
  { key: 'duplicate', name: 'duplicate', color: 'var(--duplicate)', pattern: 'hatch' },
  { key: 'failed', name: 'failed attempts', color: 'var(--failed)', pattern: 'dots' },
  { key: 'dead', name: 'dead', color: 'var(--dead)' },
];

/** Draws what was settled in each minute of the last hour, by outcome. */
export function LastHour() {
  const { data, error, refetch } = useQuery(recentQuery);
  if (data === undefined) {
    if (!(error instanceof Failure)) return <Loading rows={6} />;
    return <Failed what="The last hour could not be loaded" failure={error} onRetry={() => void refetch()} />;
  }
  const sum = (of: Outcome) => data.buckets.reduce((total, bucket) => total + bucket[of], 0);
  const summary = `In the last hour ${plural(sum('normalized'), 'event')} became records, ${formatCount(sum('duplicate'))} were duplicates, ${formatCount(sum('dead'))} died.`;
  return (
    <BarChart title="Settled per minute, last hour" summary={summary} series={SERIES} bars={data.buckets} />
  );
}
