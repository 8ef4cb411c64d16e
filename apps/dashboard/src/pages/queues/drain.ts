import type { QueueState } from '@sluice/contracts/processes';
import { formatDuration } from '../../ui/time.tsx';

/** Says in words when what waits will be done. */
export function describeDrain({
  waiting,
  active,
  drainSeconds,
  lastMinute,
  processes,
}: Pick<QueueState, 'waiting' | 'active' | 'drainSeconds' | 'lastMinute' | 'processes'>): string {
  if (waiting + active === 0) return 'nothing waits';
  if (processes.running === 0) return 'not while nobody takes jobs';
  if (lastMinute.jobsOut === 0) return 'nothing was done for a minute';
  if (drainSeconds === null) return 'grows: more comes in than goes out';
  return drainSeconds === 0 ? 'a moment' : `about ${formatDuration(drainSeconds * 1000)}`;
}
