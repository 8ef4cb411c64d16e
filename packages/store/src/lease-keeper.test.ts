import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepLease } from './lease-keeper.ts';

const LEASE_MS = 30_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function keep(renew: () => Promise<boolean>, { ageMs = 0, closing = new AbortController().signal } = {}) {
  return keepLease({ renew }, { leaseMs: LEASE_MS, askedMs: performance.now() - ageMs, closing });
}

test('renews a lease for as long as its run takes', async () => {
  const renew = vi.fn(async () => true);
  const keeper = keep(renew);
  await vi.advanceTimersByTimeAsync(LEASE_MS * 10);
  expect([keeper.signal.aborted, renew.mock.calls.length]).toEqual([false, 30]);
  await keeper.stop();
  await vi.advanceTimersByTimeAsync(LEASE_MS * 10);
  expect([keeper.signal.aborted, renew.mock.calls.length, vi.getTimerCount()]).toEqual([false, 30, 0]);
});

test('ends the run at once when another has taken the lease', async () => {
  const keeper = keep(async () => false);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 3);
  expect([keeper.signal.aborted, keeper.isLost(), vi.getTimerCount()]).toEqual([true, true, 0]);
});

test.each([
  ['refuses', () => Promise.reject(new Error('away'))],
  ['is silent', () => Promise.withResolvers<boolean>().promise],
])('ends the run when the lease is over, not later, while the store %s', async (_how, renew) => {
  const keeper = keep(renew);
  await vi.advanceTimersByTimeAsync(LEASE_MS - 1);
  expect(keeper.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect([keeper.signal.aborted, keeper.isLost(), vi.getTimerCount()]).toEqual([true, true, 0]);
});

test('counts from before the lease was asked for', async () => {
  const keeper = keep(() => Promise.withResolvers<boolean>().promise, { ageMs: 20_000 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(keeper.isLost()).toBe(true);
});

test('ends the run without a loss when the process is about to end', async () => {
  const closing = new AbortController();
  const keeper = keep(async () => true, { closing: closing.signal });
  closing.abort();
  expect([keeper.signal.aborted, keeper.isLost()]).toEqual([true, false]);
  await keeper.stop();
  expect(keep(async () => true, { closing: closing.signal }).signal.aborted).toBe(true);
});
