import { NO_QUEUE_WORK, type ProcessItem, type QueueList } from '@sluice/contracts/processes';
import type { ScheduleItem } from '@sluice/contracts/schedules';

const AT = '2026-01-02T03:04:05.678Z';

const worker: ProcessItem = {
  ...{ instance: 'worker-1f2e3d4c5b6a', app: 'worker', host: 'sluice-worker-0', pid: 17, version: '0.1.0' },
  ...{ startedAt: '2026-01-02T00:00:00.000Z', state: 'holding', since: AT },
  reason: 'MongoDB did not answer within 5000 ms.',
  serves: [{ queue: 'events', concurrency: 40 }],
  schemaVersions: [1, 2],
  lastMinute: { events: { ...NO_QUEUE_WORK, jobsOut: 40, eventsOut: 812, failed: 2 } },
  ...{ seenAt: AT, silentMs: 1200 },
};

const queues: QueueList = {
  items: [
    {
      ...{ name: 'events', waiting: 120, active: 40, delayed: 2, failed: 3, parked: 0, paused: false },
      oldestWaitingMs: 900,
      processes: { running: 2, holding: 0, concurrency: 80 },
      lastMinute: { jobsIn: 300, eventsIn: 4100, jobsOut: 420, eventsOut: 5200, failed: 4 },
      drainSeconds: 80,
    },
  ],
  memory: { usedBytes: 12_582_912, limitBytes: 1_073_741_824, usedShare: 0.0117, evicts: false },
  maintenance: { on: false, since: null },
};

const schedule: ScheduleItem = {
  ...{ id: 'erp', owner: 'file', schedule: '*/30 * * * * *', url: 'https://erp.example.com/orders' },
  ...{ paused: false, nextRunAt: '2026-01-02T03:04:30.000Z', dueAt: null, missed: 0, lagSeconds: 5 },
  cursor: '2026-01-02T03:03:57Z',
  runs: [
    {
      ...{ startedAt: '2026-01-02T03:04:00.012Z', endedAt: '2026-01-02T03:04:00.845Z', outcome: 'polled' },
      ...{ manual: false, pages: 2, records: 120, accepted: 117, duplicates: 3, rejected: 0 },
      problems: { count: 0, first: [] },
      ...{ cursorBefore: '2026-01-02T03:02:58Z', cursorAfter: '2026-01-02T03:03:57Z' },
      ...{ scheduler: 'scheduler-1f2e3d4c5b6a', error: null, waitingUntil: null },
    },
  ],
};

/** What the routes of processes, queues and schedules answer, by method and path. */
export const QUEUE_ANSWERS: Readonly<Record<string, unknown>> = {
  'get /api/processes': { items: [worker] },
  'get /api/queues': queues,
  'get /api/schedules': { items: [schedule], nextCursor: null },
};
