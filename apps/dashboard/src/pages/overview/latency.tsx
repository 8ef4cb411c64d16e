import { readLatency } from '@sluice/contracts/latency';
import { type Line, LineChart } from '../../ui/line-chart.tsx';
import { formatFigure } from '../../ui/numbers.ts';
import { formatDuration } from '../../ui/time.tsx';
import type { ChartPlace } from './history.ts';
import type { Column } from './outcomes.ts';
import { findPrevious } from './previous.ts';

const LINES = [
  { name: 'p50', share: 0.5 },
  { name: 'p95', share: 0.95, dashes: '6 3' },
  { name: 'p99', share: 0.99, dashes: '1.5 3' },
] as const;

/** Draws how long it took from the arrival of events until they were stored. Averages would hide retries. */
export function Latency({
  columns,
  time,
  crosshair,
  marks,
  previous,
}: ChartPlace & { readonly columns: readonly Column[] }) {
  const times = columns.map(({ at }) => at);
  const lines: Line[] = LINES.map(({ share, ...line }) => ({
    ...line,
    values: columns.map(({ latency }) => readLatency(latency, share)),
  }));
  if (previous !== undefined) {
    const then = findPrevious(times, previous.columns, previous.spanMs);
    lines.push({
      ...{ name: 'p95 before', dashes: LINES[1].dashes, isFaint: true },
      values: then.map((column) =>
        column === undefined ? null : readLatency(column.latency, LINES[1].share),
      ),
    });
  }
  const last = columns.findLast(({ latency }) => Object.keys(latency).length > 0);
  const isUnknown = columns.every(({ counts }) => counts === null);
  const p95 = last === undefined ? null : readLatency(last.latency, 0.95);
  return (
    <LineChart
      title={`Received to stored, per ${time.step}`}
      summary={
        p95 === null
          ? isUnknown
            ? `Nobody knows how long it took in ${time.name}.`
            : `In ${time.name} nothing was stored.`
          : `Of the newest events that were stored, 95 % took at most ${formatDuration(p95)}.`
      }
      times={times}
      unknown={columns.flatMap(({ at, counts }) => (counts === null ? [at] : []))}
      lines={lines}
      format={toShort}
      scale="log"
      crosshair={crosshair}
      marks={marks}
      note="First runs only, replays left out. Log scale."
    />
  );
}

/** On a log scale ticks are powers of ten: 1 ms, 10 ms, 100 ms, 1 s. */
function toShort(ms: number): string {
  return ms < 1000 ? `${formatFigure(ms)} ms` : `${formatFigure(ms / 1000)} s`;
}
