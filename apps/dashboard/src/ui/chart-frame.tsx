import { useState } from 'react';
import styles from './chart.module.css';
import { ChartTable, type TableColumn } from './chart-table.tsx';
import type { Span } from './crosshair.ts';
import { formatTime, useZone } from './time.tsx';

/** What the charts are drawn in, in px. */
export const CHART = { height: 160, axis: 20, left: 44 } as const;

/** Stands around every chart: its name, one sentence for whoever cannot see it, and the same numbers as a table. */
export function ChartFrame({
  title,
  summary,
  legend,
  note,
  reading,
  span = null,
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
  /** The part that is being selected. */
  readonly span?: Span | null;
  readonly columns: readonly TableColumn[];
  readonly times: readonly string[];
  readonly children: React.ReactNode;
}) {
  const [asTable, setAsTable] = useState(false);
  const [hasFocus, setHasFocus] = useState(false);
  const zone = useZone();
  const said = span === null ? reading : describeSpan(span, zone);
  return (
    <figure
      className={styles['chart']}
      aria-label={`${title}. ${summary}`}
      onFocus={() => setHasFocus(true)}
      onBlur={() => setHasFocus(false)}
    >
      <figcaption>
        <b>{title}</b>
        <span className={styles['legend']}>{legend}</span>
        <button type="button" onClick={() => setAsTable(!asTable)}>
          {asTable ? 'View as chart' : 'View as table'}
        </button>
      </figcaption>
      {asTable ? <ChartTable label={title} columns={columns} times={times} /> : children}
      {/* Charts that are read together point at the same time: only the one that is used speaks. */}
      <div className={styles['reading']}>
        {said === '' && note}
        <span role="status" aria-live={hasFocus ? 'polite' : 'off'}>
          {said}
        </span>
      </div>
    </figure>
  );
}

function describeSpan({ from, to }: Span, zone: 'utc' | 'local'): string {
  const [begin, end] = [formatTime(new Date(from), zone, false), formatTime(new Date(to), zone, false)];
  return `${begin} to ${end}: let go, or press Enter, to zoom in`;
}

/** What a series looks like, as the button that shows or hides it. */
export function LegendItem({
  name,
  isShown,
  onToggle,
  children,
}: {
  readonly name: string;
  readonly isShown: boolean;
  readonly onToggle: () => void;
  readonly children: React.ReactNode;
}) {
  return (
    <button type="button" aria-pressed={isShown} onClick={onToggle} title={isShown ? 'Hide' : 'Show'}>
      {children}
      {name}
    </button>
  );
}

/** Keeps which series are hidden. */
export function useHidden(): readonly [hidden: ReadonlySet<string>, toggle: (name: string) => void] {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  function toggle(name: string): void {
    setHidden(
      (before) => new Set(before.has(name) ? [...before].filter((one) => one !== name) : [...before, name]),
    );
  }
  return [hidden, toggle];
}
