import { describe, expect, it } from 'vitest';
import { createTokenBucket } from './token-bucket.ts';

/** Spends all that may be spent, every `stepMs`, and returns how much that was in each whole second. */
function drain(perSecond: number, { seconds, stepMs }: { seconds: number; stepMs: number }): number[] {
  let nowMs = 5_000;
  const bucket = createTokenBucket(perSecond, () => nowMs);
  const spent: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    let count = 0;
    for (let step = 0; step < 1000; step += stepMs) {
      nowMs += stepMs;
      const now = bucket.available();
      bucket.spend(now);
      count += now;
    }
    spent.push(count);
  }
  return spent;
}

describe('a token bucket', () => {
  it.each([1, 7, 20, 500])('allows %i a second, however often it is asked', (perSecond) => {
    for (const stepMs of [10, 50, 250]) {
      const spent = drain(perSecond, { seconds: 5, stepMs });
      expect(spent.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(perSecond * 5 - 1);
      expect(Math.max(...spent)).toBeLessThanOrEqual(perSecond + 1);
    }
  });

  it('allows one in ten seconds', () => {
    expect(drain(0.1, { seconds: 30, stepMs: 100 }).reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it('saves no more than half a second up', () => {
    let nowMs = 0;
    const bucket = createTokenBucket(100, () => nowMs);
    expect(bucket.available()).toBe(0);
    nowMs = 3_600_000;
    expect(bucket.available()).toBe(50);
  });

  it('measures what was done lately', () => {
    let nowMs = 0;
    const bucket = createTokenBucket(100, () => nowMs);
    for (let second = 1; second <= 20; second += 1) {
      nowMs = second * 1000;
      bucket.spend(30);
    }
    expect(bucket.rate()).toBeCloseTo(30, 0);
    nowMs += 60_000;
    expect(bucket.rate()).toBe(0);
  });
});
