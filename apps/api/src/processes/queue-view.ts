import {
  NO_QUEUE_WORK,
  type ProcessItem,
  type QueueList,
  type QueueState,
  type QueueWork,
} from '@sluice/contracts/processes';
import type { QueueDepth } from '@sluice/queue/queue-states';
import type { RedisMemory } from '@sluice/queue/redis-memory';
import { isThere } from './process-view.ts';

/** Shows the queues with who serves them and how fast. */
export function toQueueList(parts: {
  readonly depths: readonly QueueDepth[];
  readonly processes: readonly ProcessItem[];
  readonly memory: RedisMemory;
  readonly maintenanceSince: Date | null;
}): QueueList {
  const { depths, processes, memory, maintenanceSince } = parts;
  const there = processes.filter(isThere);
  return {
    items: depths.map((depth) => toQueueState(depth, there)),
    memory: { ...memory },
    maintenance: { on: maintenanceSince !== null, since: maintenanceSince?.toISOString() ?? null },
  };
}

function toQueueState(depth: QueueDepth, there: readonly ProcessItem[]): QueueState {
  const { name, waiting, active } = depth;
  const serving = there.flatMap(({ state, serves }) =>
    serves.filter(({ queue }) => queue === name).map(({ concurrency }) => ({ state, concurrency })),
  );
  const running = serving.filter(({ state }) => state === 'running');
  const lastMinute = there
    .map((process) => process.lastMinute[name] ?? NO_QUEUE_WORK)
    .reduce(add, NO_QUEUE_WORK);
  return {
    ...depth,
    oldestWaitingMs: depth.oldestWaitingMs === null ? null : Math.round(depth.oldestWaitingMs),
    processes: {
      running: running.length,
      holding: serving.filter(({ state }) => state === 'holding').length,
      concurrency: running.reduce((sum, { concurrency }) => sum + concurrency, 0),
    },
    lastMinute,
    drainSeconds: toDrainSeconds(waiting + active, lastMinute),
  };
}

/** When jobs are done that wait now: depth over what goes out more than comes in; null while it does not shrink. */
export function toDrainSeconds(
  jobs: number,
  { jobsIn, jobsOut }: Pick<QueueWork, 'jobsIn' | 'jobsOut'>,
): number | null {
  if (jobs === 0) return 0;
  const perSecond = (jobsOut - jobsIn) / 60;
  return perSecond <= 0 ? null : Math.ceil(jobs / perSecond);
}

function add(left: QueueWork, right: QueueWork): QueueWork {
  return {
    jobsIn: left.jobsIn + right.jobsIn,
    eventsIn: left.eventsIn + right.eventsIn,
    jobsOut: left.jobsOut + right.jobsOut,
    eventsOut: left.eventsOut + right.eventsOut,
    failed: left.failed + right.failed,
  };
}
