import styles from './plain-table.module.css';

/**
 * A table of few rows, all of them in the page; its rows are plain `tr`, `th` and `td`. A cell marked `data-align="right"`
 * holds a number, one marked `data-from="600"`, `"900"` or `"1200"` is left out where the window is narrower, in px.
 */
export function PlainTable({
  label,
  wraps = false,
  children,
}: {
  readonly label: string;
  /** Its texts are long, so that most rows have several lines. */
  readonly wraps?: boolean;
  readonly children: React.ReactNode;
}) {
  return (
    <table className={styles['table']} data-wraps={wraps} aria-label={label}>
      {children}
    </table>
  );
}
