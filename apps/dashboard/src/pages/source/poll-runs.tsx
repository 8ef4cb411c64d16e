import type { SourceDetail } from '@sluice/contracts/sources-api';
import { formatCount } from '../../ui/numbers.ts';
import { Empty } from '../../ui/states.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './poll-runs.module.css';

type Runs = NonNullable<SourceDetail['polling']>['runs'];

/** Lists the last runs of polling a source, and what went wrong in each. */
export function PollRuns({ runs }: { readonly runs: Runs }) {
  if (runs.length === 0) return <Empty title="It was not polled yet" />;
  return (
    <table className={styles['runs']}>
      <thead>
        <tr>
          <th scope="col">Began</th>
          <th scope="col">Took</th>
          <th scope="col">Ended</th>
          <th scope="col">Records</th>
          <th scope="col">New</th>
          <th scope="col">Read up to</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.startedAt} data-outcome={run.outcome}>
            <td>
              <Time at={run.startedAt} withDate />
              {run.manual && ' by hand'}
            </td>
            <td>
              {run.endedAt === null
                ? 'runs'
                : formatDuration(Date.parse(run.endedAt) - Date.parse(run.startedAt))}
            </td>
            <td>
              {run.outcome}
              {run.error !== null && <span className={styles['why']}>{run.error}</span>}
              {run.problems.count > 0 && (
                <span className={styles['why']}>
                  {formatCount(run.problems.count)} records left out: {run.problems.first[0]}
                </span>
              )}
            </td>
            <td>{formatCount(run.records)}</td>
            <td>{formatCount(run.accepted)}</td>
            <td>
              <code>{run.cursorAfter ?? ''}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
