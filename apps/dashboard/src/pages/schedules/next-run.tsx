import type { ScheduleItem } from '@sluice/contracts/schedules';
import { useNow } from '../../ui/clock.ts';
import { formatCount } from '../../ui/numbers.ts';
import { Status } from '../../ui/status-glyph.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './schedules.module.css';

/** Says when a source is polled next, or since when a run is due that did not come. */
export function NextRun({
  schedule: { paused, dueAt, missed, nextRunAt, runs },
}: {
  readonly schedule: Pick<ScheduleItem, 'paused' | 'dueAt' | 'missed' | 'nextRunAt' | 'runs'>;
}) {
  const now = useNow();
  const running = runs[0]?.outcome === 'running' ? runs[0] : undefined;
  if (running !== undefined) {
    return (
      <Status mark="processing">
        Running for {formatDuration(toWholeSeconds(now - Date.parse(running.startedAt)))}
      </Status>
    );
  }
  if (paused) return <Status mark="pending">Paused</Status>;
  if (dueAt !== null) {
    return (
      <>
        <Status mark="failed">
          Due <Time at={dueAt} />, {formatDuration(toWholeSeconds(now - Date.parse(dueAt)))} late
        </Status>
        <span className={styles['under']}>
          {missed === 1 ? '1 run missed' : `${formatCount(missed)} runs missed`}
          {runs[0]?.outcome === 'open' && '; left alone because it failed too often'}
          {runs[0]?.outcome === 'waiting' && '; it asked us to wait'}
        </span>
      </>
    );
  }
  const waitsUntil = runs[0]?.waitingUntil ?? null;
  if (waitsUntil !== null && Date.parse(waitsUntil) > now) {
    return (
      <>
        Not before <Time at={waitsUntil} />
        <span className={styles['under']}>it asked us to wait</span>
      </>
    );
  }
  if (nextRunAt === null) return <>never comes</>;
  return (
    <>
      <Time at={nextRunAt} withDate={Date.parse(nextRunAt) - now > 86_400_000} />
      <span className={styles['under']}>
        in {formatDuration(toWholeSeconds(Date.parse(nextRunAt) - now))}
      </span>
    </>
  );
}

function toWholeSeconds(ms: number): number {
  return Math.max(1000, Math.floor(ms / 1000) * 1000);
}
