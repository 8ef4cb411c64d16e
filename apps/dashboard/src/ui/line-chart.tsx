import { useId } from 'react';
import styles from './chart.module.css';
import { Patterns, TimeAxis, toNiceTop, ValueAxis } from './chart-axis.tsx';
import { CHART, ChartFrame, LegendItem, useHidden } from './chart-frame.tsx';
import { type Mark, Plot, sayMarks } from './chart-plot.tsx';
import { type Crosshair, findBucket, useCrosshair } from './crosshair.ts';
import { useElementWidth } from './element-width.ts';
import { formatTime, useZone } from './time.tsx';

/** A line: its name stands at its end, and its dashes tell it from the others. */
export type Line = {
  readonly name: string;
  /** What stands at its end; its name by default. */
  readonly label?: string;
  readonly dashes?: string;
  readonly color?: string;
  /** It is there to compare with: thin, and without a name at its end. */
  readonly isFaint?: boolean;
  /** A value for each time; null = no value, the line stops there. */
  readonly values: readonly (number | null)[];
};

const { axis: AXIS, left: LEFT } = CHART;

/** Room for the names at the ends of the lines, in px. */
const NAMES = 64;

/** Draws lines over time. Where there is no value there is a gap, hatched where nobody knows (`unknown`). */
export function LineChart({
  title,
  summary,
  times,
  lines: all,
  format,
  scale = 'linear',
  toTop = toNiceTop,
  height = CHART.height,
  unknown = [],
  crosshair: shared,
  marks = [],
  note,
}: {
  readonly title: string;
  readonly summary: string;
  /** When each bucket begins. */
  readonly times: readonly string[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** `zero` begins there and ends at `toTop` of the greatest; `log` runs through powers of ten; values are above zero then. */
  readonly scale?: 'linear' | 'zero' | 'log';
  readonly toTop?: (most: number) => number;
  /** How high the lines rise, in px. */
  readonly height?: number;
  readonly unknown?: readonly string[];
  readonly crosshair?: Crosshair;
  readonly marks?: readonly Mark[];
  readonly note?: React.ReactNode;
}) {
  const [frame, width] = useElementWidth<HTMLDivElement>();
  const own = useCrosshair();
  const crosshair = shared ?? own;
  const id = useId();
  const zone = useZone();
  const [hidden, toggle] = useHidden();
  const lines = all.filter(({ name }) => !hidden.has(name));
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const { ticks, toY } = toScale(values, { scale, toTop, height });
  const step = times.length === 0 ? 0 : (width - LEFT - NAMES) / times.length;
  const toX = (index: number) => LEFT + (index + 0.5) * step;
  const shownAt = findBucket(times, crosshair.at);
  const shownTime = times[shownAt];
  const names = spread(
    lines.filter(({ isFaint }) => isFaint !== true).map((line) => ({ line, y: toEnd(line, toY, height) })),
    height,
  );

  // The caption of a small chart has no room for it.
  const isSmall = height < CHART.height;
  const legend =
    all.length < 2
      ? null
      : all.map(({ name, dashes, color = 'var(--text)', isFaint }) => (
          <LegendItem key={name} name={name} isShown={!hidden.has(name)} onToggle={() => toggle(name)}>
            <svg width="18" height="10" aria-hidden="true">
              <path d="M0 5h18" stroke={color} strokeWidth={toWidth(isFaint)} strokeDasharray={dashes} />
            </svg>
          </LegendItem>
        ));

  return (
    <ChartFrame
      title={title}
      summary={summary}
      note={isSmall ? <span className={styles['legend']}>{legend}</span> : note}
      times={times}
      span={crosshair.span}
      columns={all.map(({ name, values: cells }) => ({
        name,
        cells: cells.map((value) => (value === null ? 'no data' : format(value))),
      }))}
      legend={isSmall ? null : legend}
      reading={
        shownTime === undefined
          ? ''
          : `${formatTime(new Date(shownTime), zone, false)}: ${lines.map(({ name, values: cells }) => `${name} ${toCell(cells[shownAt], format)}`).join(', ')}${sayMarks(times, shownAt, marks)}`
      }
    >
      <div ref={frame}>
        <Plot
          times={times}
          width={width}
          height={height + AXIS}
          bottom={height}
          right={NAMES}
          summary={summary}
          crosshair={crosshair}
          marks={marks}
        >
          <defs>
            <Patterns id={id} />
          </defs>
          <ValueAxis
            width={width - NAMES}
            marks={ticks.map((value) => ({ value: format(value), y: toY(value) }))}
          />
          {times.map((at, index) =>
            unknown.includes(at) ? (
              <rect
                key={at}
                x={LEFT + index * step}
                y="0"
                // Gaps beside one another are one.
                width={step + 0.5}
                height={height}
                fill={`url(#${id}-unknown)`}
                pointerEvents="none"
              />
            ) : null,
          )}
          {lines.map(({ name, values: cells, dashes, color = 'var(--text)', isFaint }) => (
            <path
              key={name}
              d={toPath(cells, toX, toY, step)}
              fill="none"
              stroke={color}
              strokeWidth={toWidth(isFaint)}
              strokeDasharray={dashes}
              strokeLinejoin="round"
              pointerEvents="none"
            />
          ))}
          {names.map(({ line, y }) => (
            <text key={line.name} x={width - NAMES + 6} y={y + 4} fontSize="11" fill="var(--text)">
              {line.label ?? line.name}
            </text>
          ))}
          <TimeAxis times={times} width={width - NAMES} y={height + 14} />
        </Plot>
      </div>
    </ChartFrame>
  );
}

function toWidth(isFaint: boolean | undefined): number {
  return isFaint === true ? 0.75 : 1.5;
}

function toCell(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? 'no data' : format(value);
}

function toScale(
  values: readonly number[],
  {
    scale,
    toTop,
    height,
  }: {
    readonly scale: 'linear' | 'zero' | 'log';
    readonly toTop: (most: number) => number;
    readonly height: number;
  },
): { readonly ticks: readonly number[]; readonly toY: (value: number) => number } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (scale === 'log') {
    const from = values.length === 0 ? 0 : Math.floor(Math.log10(Math.max(least, 1)));
    const to = Math.max(from + 1, values.length === 0 ? 3 : Math.ceil(Math.log10(Math.max(most, 1))));
    const powers = Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at));
    const toY = (value: number) =>
      height - ((Math.log10(Math.max(value, 10 ** from)) - from) / (to - from)) * height;
    return { ticks: powers, toY };
  }
  const isFromZero = scale === 'zero' || values.length === 0;
  const bottom = isFromZero ? 0 : Math.floor(least / 10) * 10;
  const top = isFromZero ? toTop(Math.max(0, most)) : Math.max(bottom + 10, Math.ceil(most / 10) * 10);
  const toY = (value: number) => height - ((value - bottom) / (top - bottom)) * height;
  return { ticks: [bottom, (bottom + top) / 2, top], toY };
}

/** A value between two gaps is a short dash: a line needs two points. */
function toPath(
  values: readonly (number | null)[],
  toX: (index: number) => number,
  toY: (value: number) => number,
  step: number,
): string {
  return values
    .map((value, index) => {
      if (value === null) return '';
      const [before, after] = [values[index - 1] ?? null, values[index + 1] ?? null];
      const point = `${toX(index).toFixed(1)} ${toY(value).toFixed(1)}`;
      if (before !== null) return `L${point}`;
      return after === null
        ? `M${(toX(index) - step / 3).toFixed(1)} ${toY(value).toFixed(1)}h${((step * 2) / 3).toFixed(1)}`
        : `M${point}`;
    })
    .join('');
}

function toEnd({ values }: Line, toY: (value: number) => number, height: number): number {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? height : toY(last);
}

/** How far names are apart, in px. */
const NAME_GAP = 13;

/** Names stand below one another, whatever their lines do, and above the times. */
function spread<Entry extends { readonly y: number }>(
  entries: readonly Entry[],
  height: number,
): readonly Entry[] {
  let above = Number.NEGATIVE_INFINITY;
  const sorted = entries.toSorted((a, b) => a.y - b.y);
  return sorted.map((entry, index) => {
    const lowest = height - (sorted.length - 1 - index) * NAME_GAP;
    above = Math.max(Math.min(entry.y, lowest), above + NAME_GAP);
    return { ...entry, y: above };
  });
}
