import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchProgress } from './progress.ts';

const counts = { waiting: 0, active: 0, delayed: 0, failed: 0, parked: 0 };
const state = { waiting: 0, isStoreAway: false, isHolding: false };
let progress: ReturnType<typeof watchProgress>;

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(state, { waiting: 3, isStoreAway: false, isHolding: false });
  progress = watchProgress({
    inspector: { readCounts: () => Promise.resolve({ ...counts, waiting: state.waiting }) },
    pingStore: () => (state.isStoreAway ? Promise.reject(new Error('away')) : Promise.resolve()),
    isHolding: () => state.isHolding,
  });
});
afterEach(() => {
  progress.stop();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it('is gone when jobs wait and none is handed back for a minute', async () => {
  await pass(59_000);
  expect(progress.isAlive()).toBe(true);
  await pass(2000);
  expect(progress.isAlive()).toBe(false);
});

it('is gone when a job in hand never ends, and back when it does', async () => {
  state.waiting = 0;
  const end = progress.began();
  await pass(61_000);
  expect(progress.isAlive()).toBe(false);
  end();
  await pass(5000);
  expect(progress.isAlive()).toBe(true);
});

it.each([
  ['nothing waits', { waiting: 0 }],
  ['it is holding', { isHolding: true }],
  ['MongoDB is away', { isStoreAway: true }],
] as const)('is there while %s', async (_, why) => {
  Object.assign(state, why);
  await pass(300_000);
  expect(progress.isAlive()).toBe(true);
});

it('is there while now and then a job is handed back', async () => {
  for (let count = 0; count < 6; count += 1) {
    await pass(50_000);
    progress.began()();
  }
  expect(progress.isAlive()).toBe(true);
});

it('is there while a job in hand is stored part by part, as where MongoDB is slow, and gone when that stops', async () => {
  progress.began();
  for (let count = 0; count < 6; count += 1) {
    await pass(50_000);
    progress.stored();
  }
  expect(progress.isAlive()).toBe(true);
  await pass(70_000);
  expect(progress.isAlive()).toBe(false);
});
