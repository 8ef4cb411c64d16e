import { useId } from 'react';
import { Patterns, TimeAxis, toNiceTop, ValueAxis } from './chart-axis.tsx';
import { CHART, ChartFrame, LegendItem, useHidden } from './chart-frame.tsx';
import { type Mark, Plot, sayMarks } from './chart-plot.tsx';
import { type Crosshair, findBucket, useCrosshair } from './crosshair.ts';
import { useElementWidth } from './element-width.ts';
import { formatCount, formatFigure } from './numbers.ts';
import { formatTime, useZone } from './time.tsx';

/** A series of a stacked bar chart: its hue and its pattern, because hue alone never tells. */
export type Series<Key extends string> = {
  readonly key: Key;
  readonly name: string;
  readonly color: string;
  readonly pattern?: 'hatch' | 'dots';
  /** Drawn downwards from the line: what never came in. */
  readonly below?: boolean;
};

/** One bar: when it begins, and how much of each series; null where nobody knows. */
export type Bar<Key extends string> = {
  readonly at: string;
  readonly counts: Readonly<Record<Key, number>> | null;
};

/** What bars are compared with: counts for each of them, null where nobody knows. */
export type Compared<Key extends string> = {
  readonly name: string;
  readonly counts: readonly (Readonly<Record<Key, number>> | null)[];
};

/** Of few bars each is no wider than this, in px, and stands where its time begins: else three of them would be a wall. */
const WIDEST = 56;

const { height: HEIGHT, axis: AXIS, left: LEFT } = CHART;

/**
 * Draws stacked bars over time, from zero. Arrow keys go from bar to bar, "View as table" shows the numbers, its legend hides
 * series. What is not known is hatched, and so is the last bar while its time is not over (`isOpen`). What it is compared with
 * is a thin line: as high as the bars were then, of the series that are shown.
 */
export function BarChart<Key extends string>({
  title,
  summary,
  series: all,
  bars,
  isOpen = false,
  compared,
  crosshair: shared,
  marks = [],
  note,
}: {
  /** What is counted and how long a bar is, like "Events per minute". */
  readonly title: string;
  /** One sentence for whoever cannot see it. */
  readonly summary: string;
  readonly series: readonly Series<Key>[];
  readonly bars: readonly Bar<Key>[];
  readonly isOpen?: boolean;
  readonly compared?: Compared<Key> | undefined;
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
  const series = all.filter(({ key }) => !hidden.has(key));
  const above = series.filter(({ below }) => below !== true);
  const under = series.filter(({ below }) => below === true);
  // Keys can be names of clients, which are no ids.
  const toFill = (one: Series<Key>) =>
    one.pattern === undefined ? one.color : `url(#${id}-${all.indexOf(one)})`;
  const sum = (of: typeof series, { counts }: Pick<Bar<Key>, 'counts'>) =>
    counts === null ? 0 : of.reduce((total, { key }) => total + counts[key], 0);
  const heights = (compared?.counts ?? []).map((counts) => (counts === null ? null : sum(above, { counts })));
  const isCompared = compared !== undefined && !hidden.has(compared.name);
  const mostCompared = isCompared ? Math.max(0, ...heights.map((value) => value ?? 0)) : 0;
  const mostUnder = Math.max(0, ...bars.map((bar) => sum(under, bar)));
  const top = toNiceTop(Math.max(...bars.map((bar) => sum(above, bar)), mostUnder, mostCompared, 1));
  const depth = under.length === 0 ? 0 : Math.max(8, Math.round((mostUnder / top) * HEIGHT));
  const step = bars.length === 0 ? 0 : (width - LEFT) / bars.length;
  const toY = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const times = bars.map(({ at }) => at);
  const shownAt = findBucket(times, crosshair.at);
  const shown = bars[shownAt];

  function drawBar({ at, counts }: Bar<Key>, index: number) {
    const x = LEFT + index * step;
    if (counts === null) {
      return <rect x={x} y="0" width={step} height={HEIGHT} fill={`url(#${id}-unknown)`} />;
    }
    let up = 0;
    let down = 0;
    const isLast = isOpen && index === bars.length - 1;
    return series.map((one) => {
      const { key, below } = one;
      const value = counts[key];
      if (value === 0) return null;
      const length = Math.max(1, (value / top) * HEIGHT);
      const y = below === true ? HEIGHT + 1 + down : toY(up) - length;
      if (below === true) down += length;
      else up += value;
      const box = { x: x + 0.5, y, width: Math.max(1, Math.min(step - 1, WIDEST)), height: length };
      return (
        <g key={`${at} ${key}`}>
          <rect {...box} fill={toFill(one)} />
          {isLast && <rect {...box} fill={`url(#${id}-open)`} />}
        </g>
      );
    });
  }

  return (
    <ChartFrame
      title={title}
      summary={summary}
      note={note}
      times={times}
      span={crosshair.span}
      columns={[
        ...all.map(({ key, name }) => ({
          name,
          cells: bars.map(({ counts }) => (counts === null ? 'no data' : formatCount(counts[key]))),
        })),
        ...(compared === undefined ? [] : [{ name: compared.name, cells: heights.map(toCell) }]),
      ]}
      legend={[
        ...all.map((one) => (
          <LegendItem
            key={one.key}
            name={one.name}
            isShown={!hidden.has(one.key)}
            onToggle={() => toggle(one.key)}
          >
            <svg width="10" height="10" aria-hidden="true">
              <rect width="10" height="10" fill={toFill(one)} />
            </svg>
          </LegendItem>
        )),
        compared !== undefined && (
          <LegendItem
            key={compared.name}
            name={compared.name}
            isShown={isCompared}
            onToggle={() => toggle(compared.name)}
          >
            <svg width="18" height="10" aria-hidden="true">
              <path d="M0 5h18" stroke="var(--text)" />
            </svg>
          </LegendItem>
        ),
      ]}
      reading={
        shown === undefined
          ? ''
          : `${formatTime(new Date(shown.at), zone, false)}: ${shown.counts === null ? 'no data' : describe(series, shown.counts)}${isOpen && shown === bars.at(-1) ? ', not over yet' : ''}${isCompared ? `; ${compared.name} ${toCell(heights[shownAt] ?? null)}` : ''}${sayMarks(times, shownAt, marks)}`
      }
    >
      <div ref={frame}>
        <Plot
          times={times}
          width={width}
          height={HEIGHT + depth + AXIS}
          bottom={HEIGHT + depth}
          summary={summary}
          crosshair={crosshair}
          marks={marks}
        >
          <defs>
            <Patterns id={id} />
            {all.map(({ key, color, pattern }, place) =>
              pattern === undefined ? null : (
                <pattern key={key} id={`${id}-${place}`} width="4" height="4" patternUnits="userSpaceOnUse">
                  <rect width="4" height="4" fill="var(--surface)" />
                  {pattern === 'hatch' ? (
                    <path d="M0 4 4 0M-1 1 1 -1M3 5 5 3" stroke={color} strokeWidth="1.4" />
                  ) : (
                    <circle cx="2" cy="2" r="1.2" fill={color} />
                  )}
                </pattern>
              ),
            )}
          </defs>
          <ValueAxis
            width={width}
            marks={[0, top / 2, top].map((value) => ({ value: formatCount(value), y: toY(value) }))}
          />
          <path d={`M${LEFT} ${HEIGHT + 0.5}H${width}`} stroke="var(--control)" />
          <g pointerEvents="none">
            {bars.map((bar, index) => (
              <g key={bar.at}>{drawBar(bar, index)}</g>
            ))}
          </g>
          {isCompared && <ComparedLine heights={heights} step={step} toY={toY} />}
          <TimeAxis times={times} width={width} y={HEIGHT + depth + 14} />
        </Plot>
      </div>
    </ChartFrame>
  );
}

/** A line over bars of any hue: it has an edge in the colour of the page. */
function ComparedLine({
  heights,
  step,
  toY,
}: {
  readonly heights: readonly (number | null)[];
  readonly step: number;
  readonly toY: (value: number) => number;
}) {
  const path = heights
    .map((value, index) => {
      if (value === null) return '';
      const before = heights[index - 1] ?? null;
      const y = toY(value).toFixed(1);
      const begin = before === null ? `M${(LEFT + index * step).toFixed(1)} ${y}` : `V${y}`;
      return `${begin}H${(LEFT + (index + 1) * step).toFixed(1)}`;
    })
    .join('');
  return (
    <g pointerEvents="none" fill="none">
      <path d={path} stroke="var(--page)" strokeWidth="3" />
      <path d={path} stroke="var(--text)" strokeWidth="1" data-line="compared" />
    </g>
  );
}

function toCell(value: number | null): string {
  return value === null ? 'no data' : formatFigure(value);
}

function describe<Key extends string>(
  series: readonly Series<Key>[],
  counts: Readonly<Record<Key, number>>,
): string {
  return series.map(({ key, name }) => `${formatCount(counts[key])} ${name}`).join(', ');
}
