import { NO_QUEUE_WORK, type ProcessItem } from '@sluice/contracts/processes';
import { expect, it } from 'vitest';
import { toDrainSeconds, toQueueList } from './queue-view.ts';

const MEMORY = { usedShare: 0.1, usedBytes: 10, limitBytes: 100, evicts: false };
const EVENTS = {
  name: 'events',
  ...{ waiting: 120, active: 0, delayed: 0, failed: 0, parked: 0 },
  ...{ paused: false, oldestWaitingMs: 1200.4 },
} as const;

function toWorker(fields: Partial<ProcessItem>): ProcessItem {
  return {
    ...{ instance: 'w', app: 'worker', host: 'here', pid: 1, version: '1.0.0', startedAt: '', seenAt: '' },
    ...{ silentMs: 0, state: 'running', since: null, reason: null, schemaVersions: [1, 2] },
    serves: [{ queue: 'events', concurrency: 40 }],
    lastMinute: { events: { ...NO_QUEUE_WORK, jobsOut: 60 } },
    ...fields,
  };
}

it('sums up what the processes that are there did, and when what waits is done', () => {
  const processes = [
    toWorker({}),
    toWorker({ state: 'holding' }),
    toWorker({ state: 'silent' }),
    toWorker({
      app: 'ingest',
      serves: [],
      lastMinute: { events: { ...NO_QUEUE_WORK, jobsIn: 60, eventsIn: 90 } },
    }),
  ];
  const { items } = toQueueList({ depths: [EVENTS], processes, memory: MEMORY, maintenanceSince: null });
  expect(items).toEqual([
    {
      ...EVENTS,
      oldestWaitingMs: 1200,
      processes: { running: 1, holding: 1, concurrency: 40 },
      lastMinute: { ...NO_QUEUE_WORK, jobsIn: 60, eventsIn: 90, jobsOut: 120 },
      drainSeconds: 120,
    },
  ]);
});

it.each([
  [0, { jobsIn: 100, jobsOut: 0 }, 0],
  [10, { jobsIn: 60, jobsOut: 60 }, null],
  [10, { jobsIn: 90, jobsOut: 60 }, null],
  [10, { jobsIn: 0, jobsOut: 600 }, 1],
])('%i jobs at %o are done in %s s', (jobs, rates, seconds) => {
  expect(toDrainSeconds(jobs, rates)).toBe(seconds);
});
