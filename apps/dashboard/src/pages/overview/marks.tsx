import type { HistoryMark } from '@sluice/contracts/stats-history';
import { Link } from '@tanstack/react-router';
import { Time } from '../../ui/time.tsx';
import { describeMark } from './history.ts';
import styles from './overview.module.css';
import type { Previous } from './previous.ts';
import type { ShownTime } from './shown-time.ts';

const MAX_NAMED = 6;

/** From which length of a bucket on a time of day says too little. */
const LONG_STEP_MS = 900_000;

/** Names what stands as a line across the charts, what they are compared with, and how one zooms. */
export function Marks({
  marks,
  time,
  previous,
}: {
  readonly marks: readonly HistoryMark[];
  readonly time: ShownTime;
  readonly previous: Previous | undefined;
}) {
  const withDate = time.stepMs >= LONG_STEP_MS;
  return (
    <div className={styles['marks']}>
      {marks.length > 0 && (
        <ul aria-label="Marked in the charts">
          {marks.slice(0, MAX_NAMED).map((mark) => (
            <li key={`${mark.at} ${mark.kind} ${mark.subject}`}>
              <span aria-hidden="true">▾</span> <Time at={mark.at} withDate={withDate} />{' '}
              <MarkLink mark={mark} />
            </li>
          ))}
          {marks.length > MAX_NAMED && <li>and {marks.length - MAX_NAMED} before</li>}
        </ul>
      )}
      {previous !== undefined && (
        <p>
          Thin lines: <Time at={previous.time.fromMs} withDate /> to{' '}
          <Time at={previous.time.toMs} withDate={withDate} />, {previous.time.name}
          {previous.time.isHourly && !time.isHourly && ', counted by arrival'}.
        </p>
      )}
      <p>Drag across a chart to zoom in; with keys: Shift and the arrows, then Enter.</p>
    </div>
  );
}

function MarkLink({ mark }: { readonly mark: HistoryMark }) {
  const words = describeMark(mark);
  if (mark.kind === 'mapping' || mark.kind === 'mapping-retired') {
    return (
      <Link to="/sources/$id" params={{ id: mark.subject }}>
        {words}
      </Link>
    );
  }
  if (mark.kind === 'deploy') return <Link to="/queues">{words}</Link>;
  if (mark.kind === 'full-sync') return <Link to="/replication">{words}</Link>;
  if (mark.kind === 'discard') return <Link to="/audit">{words}</Link>;
  return (
    <Link to="/operations/$id" params={{ id: mark.subject }}>
      {words}
    </Link>
  );
}
