import type { RedisHandle } from '@sluice/queue/connection';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import { createProcessRegister } from '@sluice/queue/process-register';
import { createQueueStates } from '@sluice/queue/queue-states';
import { createMemoryReader } from '@sluice/queue/redis-memory';
import type { QueueRoutesOptions } from '../routes/queues.ts';
import { createSharedAnswer } from '../shared-answer.ts';
import { toProcessItems } from './process-view.ts';
import { toQueueList } from './queue-view.ts';

/** However many look, Redis is asked once in this time, in ms. */
const MAX_AGE_MS = 500;
const PATIENCE_MS = 2500;

/** Creates what the routes of processes and queues read from, all of it in Redis: it is there while MongoDB is away. */
export function createQueueParts({
  redis,
  inspector,
  prefix,
  now,
}: {
  readonly redis: RedisHandle;
  readonly inspector: Pick<EventsInspector, 'readMaintenance'>;
  readonly prefix: string;
  readonly now: () => number;
}): QueueRoutesOptions {
  const register = createProcessRegister({ redis, prefix });
  const readDepths = createQueueStates({ redis, prefix, now });
  const readMemory = createMemoryReader({ redis });
  const readProcesses = createSharedAnswer({
    compute: async () => toProcessItems(await register.list()),
    ...{ maxAgeMs: MAX_AGE_MS, patienceMs: PATIENCE_MS, now: () => performance.now() },
  });
  const readQueues = createSharedAnswer({
    async compute() {
      const [depths, processes, memory, maintenanceSince] = await Promise.all([
        readDepths(),
        readProcesses(),
        readMemory(),
        inspector.readMaintenance(),
      ]);
      return toQueueList({ depths, processes, memory, maintenanceSince });
    },
    ...{ maxAgeMs: MAX_AGE_MS, patienceMs: PATIENCE_MS, now: () => performance.now() },
  });
  return { readProcesses, readQueues };
}
