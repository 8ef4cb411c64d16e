import styles from './chart.module.css';
import { CHART } from './chart-frame.tsx';
import { formatTime, useZone } from './time.tsx';

const DAY_MS = 86_400_000;

/** What is shorter has seconds at its axis. */
const SHORT_MS = 300_000;

/** What is longer has years at its axis. */
const LONG_MS = 300 * DAY_MS;

/** Writes the times below a chart: six at most; days where it spans more than two of them, with years where it is long, seconds where it is short. */
export function TimeAxis({
  times,
  width,
  y,
}: {
  readonly times: readonly string[];
  readonly width: number;
  readonly y: number;
}) {
  const zone = useZone();
  const step = (width - CHART.left) / Math.max(1, times.length);
  const every = Math.max(1, Math.ceil(times.length / (width < 480 ? 4 : 6)));
  const [first = '', last = ''] = [times[0], times.at(-1)];
  const lengthMs = Date.parse(last) - Date.parse(first);
  const asDays = lengthMs > 2 * DAY_MS;
  return times.map((at, index) => {
    if (index % every !== 0) return null;
    const [date = '', time = ''] = formatTime(new Date(at), zone, true).split(' ');
    return (
      <text key={at} x={CHART.left + index * step} y={y} className={styles['tick']}>
        {asDays ? date.slice(lengthMs > LONG_MS ? 0 : 5) : time.slice(0, lengthMs < SHORT_MS ? 8 : 5)}
      </text>
    );
  });
}

/** Draws the lines behind a chart, each with its value. */
export function ValueAxis({
  marks,
  width,
}: {
  readonly marks: readonly { readonly value: string; readonly y: number }[];
  readonly width: number;
}) {
  return marks.map(({ value, y }) => (
    <g key={value}>
      <path d={`M${CHART.left} ${Math.round(y) + 0.5}H${width}`} stroke="var(--hairline)" />
      <text
        x={CHART.left - 6}
        y={Math.max(10, Math.round(y) + 4)}
        textAnchor="end"
        className={styles['tick']}
      >
        {value}
      </text>
    </g>
  ));
}

/** The pattern of what nobody knows, and of what is not over yet. */
export function Patterns({ id }: { readonly id: string }) {
  return (
    <>
      <pattern id={`${id}-unknown`} width="6" height="6" patternUnits="userSpaceOnUse">
        <path d="M0 6 6 0M-1 1 1 -1M5 7 7 5" stroke="var(--control)" strokeWidth="0.75" />
      </pattern>
      <pattern id={`${id}-open`} width="4" height="4" patternUnits="userSpaceOnUse">
        <path d="M0 4 4 0M-1 1 1 -1M3 5 5 3" stroke="var(--page)" strokeWidth="1.5" />
      </pattern>
    </>
  );
}

/** The least of 1, 2, 4, 6 and 10 times a power of ten that is not smaller: half of it is a round number too. */
export function toNiceTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  const factor = [1, 2, 4, 6, 10].find((one) => one * power >= most) ?? 10;
  return Math.max(2, factor * power);
}
