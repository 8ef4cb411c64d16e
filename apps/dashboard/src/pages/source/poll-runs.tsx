import type { SourceDetail } from '@sluice/contracts/sources-api';
import { formatCount } from '../../ui/numbers.ts';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Empty } from '../../ui/states.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import { describeOutcome } from '../schedules/outcomes.ts';
import styles from './poll-runs.module.css';

type Runs = NonNullable<SourceDetail['polling']>['runs'];

/** Lists the last runs of polling a source, and what went wrong in each. */
export function PollRuns({ runs }: { readonly runs: Runs }) {
  if (runs.length === 0) return <Empty title="It was not polled yet" />;
  return (
    <PlainTable label="Last runs" wraps>
      <thead>
        <tr>
          <th scope="col">Began</th>
          <th scope="col" data-align="right">
            Took
          </th>
          <th scope="col">Ended</th>
          <th scope="col" data-align="right" data-from="600">
            Records
          </th>
          <th scope="col" data-align="right">
            New
          </th>
          <th scope="col" data-from="900">
            Read up to
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.startedAt}>
            <td>
              <Time at={run.startedAt} withDate />
              {run.manual && ' by hand'}
            </td>
            <td data-align="right">
              {run.endedAt === null
                ? 'runs'
                : formatDuration(Date.parse(run.endedAt) - Date.parse(run.startedAt))}
            </td>
            <td>
              {describeOutcome(run.outcome)}
              {run.error !== null && <span className={styles['why']}>{run.error}</span>}
              {run.problems.count > 0 && (
                <span className={styles['why']}>
                  {formatCount(run.problems.count)} records left out: {run.problems.first[0]}
                </span>
              )}
            </td>
            <td data-align="right" data-from="600">
              {formatCount(run.records)}
            </td>
            <td data-align="right">{formatCount(run.accepted)}</td>
            <td data-from="900">
              <code>{run.cursorAfter ?? ''}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </PlainTable>
  );
}
