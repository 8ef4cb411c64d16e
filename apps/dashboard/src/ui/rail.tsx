import styles from './rail.module.css';

/** The six stations of an event's way, in their order. */
export const STATIONS = ['Received', 'Verified', 'Queued', 'Normalized', 'Stored', 'Replicated'] as const;
export type Station = (typeof STATIONS)[number];

/** What a station shows: `off` = this installation has no such step, `unknown` = it cannot be asked now. */
export type StationState = 'idle' | 'flow' | 'slow' | 'stopped' | 'unknown' | 'off';

/** One station of the rail: a figure, and up to two lines of what goes on there. */
export type RailStation = {
  readonly station: Station;
  readonly state: StationState;
  readonly figure: string;
  readonly lines: readonly React.ReactNode[];
  /** Where a click leads. */
  readonly href?: string;
};

/** Draws the way of the events through Sluice, with a figure at each station. */
export function Rail({
  stations,
  label = 'The way of the events',
}: {
  readonly stations: readonly RailStation[];
  /** Whose way it is. */
  readonly label?: string;
}) {
  return (
    <ol className={styles['rail']} aria-label={label}>
      {stations.map(({ station, state, figure, lines, href }) => (
        <li key={station} className={styles['station']} data-state={state}>
          <span className={styles['track']} aria-hidden="true">
            <span className={styles['node']} />
          </span>
          <span className={styles['name']}>{station}</span>
          <span className={styles['figure']}>
            {href === undefined ? figure : <a href={href}>{figure}</a>}
          </span>
          {lines.map((line, index) => (
            // The lines of a station keep their places; they have nothing else to tell them apart.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <span key={index} className={styles['line']}>
              {line}
            </span>
          ))}
        </li>
      ))}
    </ol>
  );
}

/** How far one event came. */
export type Reached = 'done' | 'now' | 'stopped' | 'no';

/** Draws the same way as six small marks, for a row of a list. */
export function RailMarks({
  reached,
  label,
}: {
  readonly reached: readonly Reached[];
  readonly label: string;
}) {
  return (
    <span className={styles['marks']} role="img" aria-label={label} title={label}>
      {STATIONS.map((station, index) => (
        <span key={station} className={styles['mark']} data-reached={reached[index] ?? 'no'} />
      ))}
    </span>
  );
}
