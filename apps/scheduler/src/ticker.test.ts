import type { PollJob } from '@sluice/contracts/queues';
import { pollSourceSchema } from '@sluice/contracts/source';
import { createLogger } from '@sluice/runtime/logger';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTicker } from './ticker.ts';

const logger = createLogger({ app: 'scheduler', instance: 'ticker', level: 'silent' });
const DAY_MS = 86_400_000;
const MIDNIGHT_MS = Date.UTC(2026, 5, 2);

beforeEach(() => {
  vi.useFakeTimers({ now: MIDNIGHT_MS - 10_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function toSource(schedule: string) {
  return pollSourceSchema.parse({
    ...{ id: 'erp', kind: 'poll', url: 'http://erp.test/', schedule, idPath: 'id' },
    cursor: { kind: 'page', param: 'page' },
  });
}

/** Starts a schedule; `away` makes queueing fail as often as it says. */
function start(schedule: string, { away = 0 } = {}) {
  const slots: number[] = [];
  const paused = new Set<string>();
  let failures = 0;
  const ticker = createTicker({
    async addPoll({ slot }: PollJob) {
      failures += 1;
      if (failures <= away) throw new Error('Redis is away.');
      slots.push(slot);
    },
    isPaused: (id) => paused.has(id),
    logger,
    retryMs: 2000,
  });
  ticker.start(toSource(schedule));
  return { ticker, slots, paused, countTries: () => failures };
}

test('queues one poll for every slot, until it is stopped', async () => {
  const { ticker, slots } = start('*/5 * * * * *');
  await vi.advanceTimersByTimeAsync(15_500);
  expect(slots).toEqual([-5, 0, 5].map((seconds) => MIDNIGHT_MS / 1000 + seconds));
  ticker.stop('erp');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(slots).toHaveLength(3);
  await ticker.close();
});

test('queues a daily slot later on when it cannot be queued at once', async () => {
  const { ticker, slots } = start('0 0 0 * * *', { away: 3 });
  await vi.advanceTimersByTimeAsync(15_000);
  expect(slots).toEqual([]);
  await vi.advanceTimersByTimeAsync(3000);
  expect(slots).toEqual([MIDNIGHT_MS / 1000]);
  await ticker.close();
});

test('gives a slot up for the next', async () => {
  const { ticker, slots } = start('* * * * * *', { away: 5 });
  await vi.advanceTimersByTimeAsync(8000);
  expect(slots[0]).toBeGreaterThanOrEqual(MIDNIGHT_MS / 1000 - 6);
  expect(new Set(slots).size).toBe(slots.length);
  await ticker.close();
});

test('queues the last slot that was slept through', async () => {
  const { ticker, slots } = start('0 0 0 * * *');
  vi.setSystemTime(MIDNIGHT_MS + 2.5 * DAY_MS);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(slots).toEqual([(MIDNIGHT_MS + 2 * DAY_MS) / 1000]);
  await ticker.close();
});

test('goes on when the clock was set back, and gives slots that come again other numbers', async () => {
  const { ticker, slots } = start('*/5 * * * * *');
  await vi.advanceTimersByTimeAsync(15_500);
  vi.setSystemTime(MIDNIGHT_MS - 3500);
  await vi.advanceTimersByTimeAsync(18_000);
  const toSlots = (...seconds: readonly number[]) => seconds.map((second) => MIDNIGHT_MS / 1000 + second);
  expect(slots).toEqual([...toSlots(-5, 0, 5), ...toSlots(0, 5).map((slot) => -slot), ...toSlots(10)]);
  await ticker.close();
});

test('queues nothing for a paused source', async () => {
  const { ticker, slots, paused } = start('* * * * * *');
  paused.add('erp');
  await vi.advanceTimersByTimeAsync(5000);
  expect(slots).toEqual([]);
  await ticker.close();
});

test('is closed while it tries again, and starts nothing afterwards', async () => {
  const { ticker, countTries } = start('* * * * * *', { away: 1000 });
  await vi.advanceTimersByTimeAsync(1500);
  await ticker.close();
  const tries = countTries();
  ticker.start(toSource('* * * * * *'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect([countTries(), vi.getTimerCount()]).toEqual([tries, 0]);
});
