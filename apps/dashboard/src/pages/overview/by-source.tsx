import { Link } from '@tanstack/react-router';
import { formatCount } from '../../ui/numbers.ts';
import { PlainTable } from '../../ui/plain-table.tsx';
import type { SourceCounts } from './outcomes.ts';
import styles from './overview.module.css';

const MAX_ROWS = 12;

/** Lists what became of the events of each source, with its share as a bar. */
export function BySource({
  sources,
  isKnown,
}: {
  readonly sources: readonly SourceCounts[];
  /** Whether anything was counted in this time. */
  readonly isKnown: boolean;
}) {
  const total = sources.reduce((sum, { accepted }) => sum + accepted, 0);
  if (total === 0) {
    return (
      <p className={styles['none']}>
        {isKnown ? 'No event in this time.' : 'Nobody knows of events in this time.'}
      </p>
    );
  }
  return (
    <PlainTable label="By source">
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col" data-align="right">
            Normalized
          </th>
          <th scope="col" data-align="right" data-from="600">
            Failed
          </th>
          <th scope="col" data-align="right">
            Dead
          </th>
          <th scope="col" data-align="right">
            Duplicate
          </th>
          <th scope="col" data-from="600">
            Share
          </th>
        </tr>
      </thead>
      <tbody>
        {sources.slice(0, MAX_ROWS).map(({ source, accepted, normalized, failed, dead, duplicate }) => (
          <tr key={source}>
            <th scope="row">
              <Link to="/aggregates" search={{ source }}>
                {source}
              </Link>
            </th>
            <td data-align="right">{formatCount(normalized)}</td>
            <td data-align="right" data-from="600">
              {formatCount(failed)}
            </td>
            <td data-align="right" data-dead={dead > 0}>
              {formatCount(dead)}
            </td>
            <td data-align="right">{formatCount(duplicate)}</td>
            <td data-from="600" className={styles['share-of-all']}>
              <span className={styles['share']}>
                <span style={{ width: `${(accepted / total) * 100}%` }} />
              </span>
              {Math.round((accepted / total) * 100)} %
            </td>
          </tr>
        ))}
      </tbody>
    </PlainTable>
  );
}
