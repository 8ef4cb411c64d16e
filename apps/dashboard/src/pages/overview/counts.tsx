import { formatCount } from '../../ui/numbers.ts';
import styles from './overview.module.css';

/** Puts a few counts beside one another, each below its name. */
export function Counts({
  counts,
}: {
  readonly counts: readonly { readonly name: string; readonly count: number; readonly isBad?: boolean }[];
}) {
  return (
    <dl className={styles['counts']}>
      {counts.map(({ name, count, isBad = false }) => (
        <div key={name} data-bad={isBad}>
          <dt>{name}</dt>
          <dd>{formatCount(count)}</dd>
        </div>
      ))}
    </dl>
  );
}
