import type { HistoryMark } from '@sluice/contracts/stats-history';
import { Link } from '@tanstack/react-router';
import { Time } from '../../ui/time.tsx';
import { describeMark } from './history.ts';
import styles from './overview.module.css';

const MAX_NAMED = 6;

/** Names what stands as a line across the charts, and how one zooms. */
export function Marks({
  marks,
  withDate,
}: {
  readonly marks: readonly HistoryMark[];
  readonly withDate: boolean;
}) {
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
