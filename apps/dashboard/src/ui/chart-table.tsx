import styles from './chart.module.css';
import { formatTime, useZone } from './time.tsx';

/** A column of numbers: its name, and each of its cells in words. */
export type TableColumn = { readonly name: string; readonly cells: readonly string[] };

/** Shows the numbers of a chart, the newest first. */
export function ChartTable({
  label,
  columns,
  times,
}: {
  readonly label: string;
  readonly columns: readonly TableColumn[];
  readonly times: readonly string[];
}) {
  const zone = useZone();
  const rows = times.map((at, index) => ({ at, index })).toReversed();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also without a mouse
    <div className={styles['table']} tabIndex={0}>
      <table aria-label={label}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, index }) => (
            <tr key={at}>
              <th scope="row">{formatTime(new Date(at), zone, true)}</th>
              {columns.map(({ name, cells }) => (
                <td key={name}>{cells[index]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
