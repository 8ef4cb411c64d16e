import { useId, useState } from 'react';
import styles from './bar-chart.module.css';
import { useElementWidth } from './element-width.ts';
import { formatCount } from './numbers.ts';
import { formatTime, useZone } from './time.tsx';

/** A series of a stacked bar chart: its hue and its pattern, because hue alone never tells. */
export type Series<Key extends string> = {
  readonly key: Key;
  readonly name: string;
  readonly color: string;
  readonly pattern?: 'hatch' | 'dots';
};

/** One bar: when it begins, and how much of each series. */
export type Bar<Key extends string> = { readonly at: string } & Readonly<Record<Key, number>>;

const HEIGHT = 160;
const AXIS = 20;
const LEFT = 44;

/**
 * Draws stacked bars over time, from zero. Arrow keys go from bar to bar, "View as table" shows the numbers; the last bar is
 * still open and stands behind a dashed line.
 */
export function BarChart<Key extends string>({
  title,
  summary,
  series,
  bars,
}: {
  /** What is counted and how long a bar is, like "Events per minute". */
  readonly title: string;
  /** One sentence for whoever cannot see it. */
  readonly summary: string;
  readonly series: readonly Series<Key>[];
  readonly bars: readonly Bar<Key>[];
}) {
  const [frame, width] = useElementWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  const zone = useZone();
  const toTotal = (bar: Bar<Key>) => series.reduce((sum, { key }) => sum + bar[key], 0);
  const top = toNiceTop(Math.max(...bars.map(toTotal), 1));
  const step = bars.length === 0 ? 0 : (width - LEFT) / bars.length;
  const toY = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const shown = chosen === null ? undefined : bars[chosen];

  function move(event: React.KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setChosen(Math.min(bars.length - 1, Math.max(0, (chosen ?? (by > 0 ? -1 : bars.length)) + by)));
  }

  return (
    <figure className={styles['chart']} aria-label={`${title}. ${summary}`}>
      <figcaption>
        <b>{title}</b>
        <span className={styles['legend']}>
          {series.map(({ key, name, color, pattern }, at) => (
            <span key={key}>
              <svg width="10" height="10" aria-hidden="true">
                <rect width="10" height="10" fill={pattern === undefined ? color : `url(#${id}-${at})`} />
              </svg>
              {name}
            </span>
          ))}
        </span>
        <button type="button" onClick={() => setAsTable(!asTable)}>
          {asTable ? 'View as chart' : 'View as table'}
        </button>
      </figcaption>
      <div ref={frame}>
        {asTable ? (
          <Table series={series} bars={bars} />
        ) : (
          <svg
            width={width}
            height={HEIGHT + AXIS}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys go from bar to bar
            tabIndex={0}
            role="img"
            aria-label={summary}
            onKeyDown={move}
            onBlur={() => setChosen(null)}
            onPointerLeave={() => setChosen(null)}
          >
            <defs>
              {series.map(({ key, color, pattern }, at) =>
                pattern === undefined ? null : (
                  <pattern key={key} id={`${id}-${at}`} width="4" height="4" patternUnits="userSpaceOnUse">
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
            {[0, top / 2, top].map((value) => (
              <g key={value}>
                <path d={`M${LEFT} ${toY(value) + 0.5}H${width}`} stroke="var(--hairline)" />
                <text
                  x={LEFT - 6}
                  y={toY(value) + (value === top ? 10 : 4)}
                  textAnchor="end"
                  className={styles['tick']}
                >
                  {formatCount(value)}
                </text>
              </g>
            ))}
            {bars.map((bar, index) => {
              let from = 0;
              return (
                <g key={bar.at} onPointerEnter={() => setChosen(index)}>
                  <rect
                    x={LEFT + index * step}
                    y="0"
                    width={step}
                    height={HEIGHT}
                    fill={index === chosen ? 'var(--marker)' : 'transparent'}
                  />
                  {series.map(({ key, color, pattern }, at) => {
                    const value = bar[key];
                    if (value === 0) return null;
                    const y = toY(from + value);
                    const height = Math.max(1, toY(from) - y);
                    from += value;
                    return (
                      <rect
                        key={key}
                        x={LEFT + index * step + 0.5}
                        y={y}
                        width={Math.max(1, step - 1)}
                        height={height}
                        fill={pattern === undefined ? color : `url(#${id}-${at})`}
                      />
                    );
                  })}
                </g>
              );
            })}
            {toTicks(bars).map((index) => (
              <text key={index} x={LEFT + index * step} y={HEIGHT + 14} className={styles['tick']}>
                {formatTime(new Date(bars[index]?.at ?? 0), zone, false).slice(0, 5)}
              </text>
            ))}
          </svg>
        )}
      </div>
      <p className={styles['reading']} role="status">
        {shown !== undefined &&
          `${formatTime(new Date(shown.at), zone, false)}: ${series.map(({ key, name }) => `${formatCount(shown[key])} ${name}`).join(', ')}`}
      </p>
    </figure>
  );
}

function Table<Key extends string>({
  series,
  bars,
}: {
  readonly series: readonly Series<Key>[];
  readonly bars: readonly Bar<Key>[];
}) {
  const zone = useZone();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also without a mouse
    <div className={styles['table']} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ key, name }) => (
              <th key={key} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.toReversed().map((bar) => (
            <tr key={bar.at}>
              <th scope="row">{formatTime(new Date(bar.at), zone, true)}</th>
              {series.map(({ key }) => (
                <td key={key}>{formatCount(bar[key])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The least of 1, 2, 4 and 10 times a power of ten that is not smaller: half of it is a round number too. */
function toNiceTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const factor = [1, 2, 4, 10].find((one) => one * power >= most) ?? 10;
  return Math.max(2, factor * power);
}

/** The bars below which the time stands: six at most. */
function toTicks(bars: readonly { readonly at: string }[]): readonly number[] {
  const every = Math.max(1, Math.ceil(bars.length / 6));
  return bars.flatMap((_bar, index) => (index % every === 0 ? [index] : []));
}
