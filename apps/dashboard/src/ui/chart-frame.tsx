import { useState } from 'react';
import styles from './chart.module.css';
import { ChartTable, type TableColumn } from './chart-table.tsx';

/** Where the reader points, as the time at which a bucket begins; charts that share one point at the same time. */
export type Crosshair = {
  readonly at: string | null;
  readonly choose: (at: string | null) => void;
};

/** Keeps where the reader points, for one chart or for several that are read together. */
export function useCrosshair(): Crosshair {
  const [at, choose] = useState<string | null>(null);
  return { at, choose };
}

/** What the charts are drawn in, in px. */
export const CHART = { height: 160, axis: 20, left: 44 } as const;

/** Stands around every chart: its name, one sentence for whoever cannot see it, and the same numbers as a table. */
export function ChartFrame({
  title,
  summary,
  legend,
  note,
  reading,
  columns,
  times,
  children,
}: {
  readonly title: string;
  readonly summary: string;
  readonly legend: React.ReactNode;
  /** What a reader must know to take the numbers right. */
  readonly note?: React.ReactNode;
  /** What stands where the reader points. */
  readonly reading: string;
  readonly columns: readonly TableColumn[];
  readonly times: readonly string[];
  readonly children: React.ReactNode;
}) {
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className={styles['chart']} aria-label={`${title}. ${summary}`}>
      <figcaption>
        <b>{title}</b>
        <span className={styles['legend']}>{legend}</span>
        <button type="button" onClick={() => setAsTable(!asTable)}>
          {asTable ? 'View as chart' : 'View as table'}
        </button>
      </figcaption>
      {asTable ? <ChartTable label={title} columns={columns} times={times} /> : children}
      <p className={styles['reading']} role="status">
        {reading === '' ? note : reading}
      </p>
    </figure>
  );
}

/** Returns what the arrow keys, Home and End do in a chart: they go from bucket to bucket. */
export function toChartKeys(times: readonly string[], { at, choose }: Crosshair) {
  return (event: React.KeyboardEvent): void => {
    const chosen = at === null ? -1 : times.indexOf(at);
    const last = times.length - 1;
    const next = {
      ArrowLeft: chosen < 0 ? last : chosen - 1,
      ArrowRight: chosen < 0 ? 0 : chosen + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(times[Math.min(last, Math.max(0, next))] ?? null);
  };
}
