import { useRef } from 'react';
import styles from './chart.module.css';
import { CHART } from './chart-frame.tsx';
import { type Crosshair, findBucket, type Span, toBucketEnd } from './crosshair.ts';

/** Something that happened and can explain a change: it stands as a line across a chart. */
export type Mark = { readonly at: string; readonly words: string };

/**
 * The drawing of a chart over time. The pointer and the arrow keys go from bucket to bucket; dragging, or the arrow keys with
 * Shift, selects a part; letting go, or Enter, zooms into it, and Escape lets it be.
 */
export function Plot({
  times,
  width,
  height,
  bottom,
  right = 0,
  summary,
  crosshair,
  marks = [],
  children,
}: {
  /** When each bucket begins. */
  readonly times: readonly string[];
  readonly width: number;
  /** How high the drawing is, and how much of it its buckets take, in px. */
  readonly height: number;
  readonly bottom: number;
  /** What is left free at the right, in px. */
  readonly right?: number;
  readonly summary: string;
  readonly crosshair: Crosshair;
  readonly marks?: readonly Mark[];
  readonly children: React.ReactNode;
}) {
  const anchor = useRef<number | null>(null);
  const { at, choose, span, select, zoom } = crosshair;
  const step = (width - CHART.left - right) / Math.max(1, times.length);
  const shown = findBucket(times, at);

  function toIndex({ clientX, currentTarget }: React.PointerEvent<SVGSVGElement>): number {
    const x = clientX - currentTarget.getBoundingClientRect().left - CHART.left;
    return Math.max(0, Math.min(times.length - 1, Math.floor(x / step)));
  }

  function selectTo(index: number): void {
    if (anchor.current === null || index === anchor.current) {
      select(null);
      return;
    }
    const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
    select({ from: times[from] ?? '', to: toBucketEnd(times, to) });
  }

  function leave(): void {
    anchor.current = null;
    select(null);
  }

  function finish(): void {
    leave();
    if (span !== null) zoom?.(span);
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    if (span !== null && (event.key === 'Enter' || event.key === 'Escape')) {
      event.preventDefault();
      if (event.key === 'Enter') finish();
      else leave();
      return;
    }
    const last = times.length - 1;
    const next = {
      ArrowLeft: shown < 0 ? last : shown - 1,
      ArrowRight: shown < 0 ? 0 : shown + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const index = Math.min(last, Math.max(0, next));
    choose(times[index] ?? null);
    if (!event.shiftKey || zoom === undefined) {
      leave();
      return;
    }
    anchor.current ??= shown < 0 ? index : shown;
    selectTo(index);
  }

  return (
    <svg
      className={zoom === undefined ? undefined : styles['zoomable']}
      width={width}
      height={height}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys go from bucket to bucket
      tabIndex={0}
      role="img"
      aria-label={summary}
      onKeyDown={onKeyDown}
      onBlur={() => {
        choose(null);
        leave();
      }}
      onPointerDown={(event) => {
        if (zoom === undefined || event.button !== 0) return;
        anchor.current = toIndex(event);
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const index = toIndex(event);
        choose(times[index] ?? null);
        if (event.buttons === 1) selectTo(index);
      }}
      onPointerUp={finish}
      onPointerCancel={leave}
      onPointerLeave={() => choose(null)}
    >
      <rect width={width} height={height} fill="transparent" />
      {shown >= 0 && (
        <rect x={CHART.left + shown * step} y="0" width={step} height={bottom} fill="var(--marker)" />
      )}
      {children}
      {marks.map(({ at: markedAt, words }) => {
        const x = toX(times, markedAt, step);
        return x === null ? null : (
          <g key={`${markedAt} ${words}`} className={styles['mark']}>
            <title>{words}</title>
            <path d={`M${x} 0V${bottom}`} />
            <path d={`M${x - 4} 0h8l-4 6z`} />
          </g>
        );
      })}
      {span !== null && <Selected times={times} span={span} step={step} bottom={bottom} />}
    </svg>
  );
}

function Selected({
  times,
  span,
  step,
  bottom,
}: {
  readonly times: readonly string[];
  readonly span: Span;
  readonly step: number;
  readonly bottom: number;
}) {
  const end = CHART.left + times.length * step;
  const from = toX(times, span.from, step) ?? CHART.left;
  const to = toX(times, span.to, step) ?? end;
  return (
    <g className={styles['selected']}>
      <rect x={from} y="0" width={Math.max(0, to - from)} height={bottom} />
      <path d={`M${from} 0V${bottom}M${to} 0V${bottom}`} />
    </g>
  );
}

/** Where a time stands in a drawing, to half a pixel; null outside of it. */
function toX(times: readonly string[], at: string, step: number): number | null {
  const [first] = times;
  if (first === undefined) return null;
  const lengthMs = Date.parse(toBucketEnd(times, 0)) - Date.parse(first);
  const place = (Date.parse(at) - Date.parse(first)) / lengthMs;
  if (Number.isNaN(place) || place < 0 || place > times.length) return null;
  return Math.round(CHART.left + place * step) + 0.5;
}

/** Tells what happened in a bucket, as the end of a sentence. */
export function sayMarks(times: readonly string[], index: number, marks: readonly Mark[]): string {
  const words = marks.filter(({ at }) => findBucket(times, at) === index).map((mark) => mark.words);
  return words.length === 0 ? '' : `; ${words.join(', ')}`;
}
