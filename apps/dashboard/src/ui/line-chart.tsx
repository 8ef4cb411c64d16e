import { useId } from 'react';
import { Patterns, TimeAxis, ValueAxis } from './chart-axis.tsx';
import { CHART, ChartFrame, type Crosshair, toChartKeys, useCrosshair } from './chart-frame.tsx';
import { useElementWidth } from './element-width.ts';
import { formatTime, useZone } from './time.tsx';

/** A line: its name stands at its end, and its dashes tell it from the others. */
export type Line = {
  readonly name: string;
  readonly dashes?: string;
  readonly color?: string;
  /** A value for each time; null = no value, the line stops there. */
  readonly values: readonly (number | null)[];
};

const { height: HEIGHT, axis: AXIS, left: LEFT } = CHART;

/** Room for the names at the ends of the lines, in px. */
const NAMES = 64;

/** Draws lines over time. Where there is no value there is a gap, hatched where nobody knows (`unknown`). */
export function LineChart({
  title,
  summary,
  times,
  lines,
  format,
  scale = 'linear',
  unknown = [],
  crosshair: shared,
  note,
}: {
  readonly title: string;
  readonly summary: string;
  /** When each bucket begins. */
  readonly times: readonly string[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** `log` runs through powers of ten; values are above zero then. */
  readonly scale?: 'linear' | 'log';
  readonly unknown?: readonly string[];
  readonly crosshair?: Crosshair;
  readonly note?: React.ReactNode;
}) {
  const [frame, width] = useElementWidth<HTMLDivElement>();
  const own = useCrosshair();
  const crosshair = shared ?? own;
  const id = useId();
  const zone = useZone();
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const { marks, toY } = toScale(values, scale);
  const step = times.length === 0 ? 0 : (width - LEFT - NAMES) / times.length;
  const toX = (index: number) => LEFT + (index + 0.5) * step;
  const shownAt = crosshair.at === null ? -1 : times.indexOf(crosshair.at);
  const shownTime = times[shownAt];
  const names = spread(lines.map((line) => ({ line, ...toEnd(line, toY) })));

  return (
    <ChartFrame
      title={title}
      summary={summary}
      note={note}
      times={times}
      columns={lines.map(({ name, values: cells }) => ({
        name,
        cells: cells.map((value) => (value === null ? 'no data' : format(value))),
      }))}
      legend={null}
      reading={
        shownTime === undefined
          ? ''
          : `${formatTime(new Date(shownTime), zone, false)}: ${lines.map(({ name, values: cells }) => `${name} ${toCell(cells[shownAt], format)}`).join(', ')}`
      }
    >
      <div ref={frame}>
        <svg
          width={width}
          height={HEIGHT + AXIS}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys go from time to time
          tabIndex={0}
          role="img"
          aria-label={summary}
          onKeyDown={toChartKeys(times, crosshair)}
          onBlur={() => crosshair.choose(null)}
          onPointerLeave={() => crosshair.choose(null)}
        >
          <defs>
            <Patterns id={id} />
          </defs>
          <ValueAxis
            width={width - NAMES}
            marks={marks.map((value) => ({ value: format(value), y: toY(value) }))}
          />
          {times.map((at, index) => (
            <rect
              key={at}
              x={LEFT + index * step}
              y="0"
              width={step}
              height={HEIGHT}
              onPointerEnter={() => crosshair.choose(at)}
              fill={
                index === shownAt
                  ? 'var(--marker)'
                  : unknown.includes(at)
                    ? `url(#${id}-unknown)`
                    : 'transparent'
              }
            />
          ))}
          {lines.map(({ name, values: cells, dashes, color = 'var(--text)' }) => (
            <path
              key={name}
              d={toPath(cells, toX, toY, step)}
              fill="none"
              stroke={color}
              strokeWidth="1.5"
              strokeDasharray={dashes}
              strokeLinejoin="round"
              pointerEvents="none"
            />
          ))}
          {names.map(({ line, y }) => (
            <text key={line.name} x={width - NAMES + 6} y={y + 4} fontSize="11" fill="var(--text)">
              {line.name}
            </text>
          ))}
          <TimeAxis times={times} width={width - NAMES} y={HEIGHT + 14} />
        </svg>
      </div>
    </ChartFrame>
  );
}

function toCell(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? 'no data' : format(value);
}

function toScale(values: readonly number[], scale: 'linear' | 'log') {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (scale === 'log') {
    const from = values.length === 0 ? 0 : Math.floor(Math.log10(Math.max(least, 1)));
    const to = Math.max(from + 1, values.length === 0 ? 3 : Math.ceil(Math.log10(Math.max(most, 1))));
    const powers = Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at));
    const toY = (value: number) =>
      HEIGHT - ((Math.log10(Math.max(value, 10 ** from)) - from) / (to - from)) * HEIGHT;
    return { marks: powers, toY };
  }
  const bottom = values.length === 0 ? 0 : Math.floor(least / 10) * 10;
  const top = values.length === 0 ? 10 : Math.max(bottom + 10, Math.ceil(most / 10) * 10);
  const toY = (value: number) => HEIGHT - ((value - bottom) / (top - bottom)) * HEIGHT;
  return { marks: [bottom, (bottom + top) / 2, top], toY };
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

function toEnd({ values }: Line, toY: (value: number) => number): { readonly y: number } {
  const last = values.findLast((value) => value !== null);
  return { y: last === undefined || last === null ? HEIGHT : toY(last) };
}

/** Names stand at least 13 px apart, whatever their lines do. */
function spread<Entry extends { readonly y: number }>(entries: readonly Entry[]): readonly Entry[] {
  let above = Number.NEGATIVE_INFINITY;
  return entries
    .toSorted((a, b) => a.y - b.y)
    .map((entry) => {
      above = Math.max(entry.y, above + 13);
      return { ...entry, y: above };
    });
}
