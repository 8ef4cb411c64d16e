import { describe, expect, it } from 'vitest';
import { createPace } from './pace.ts';

describe('a pace', () => {
  it('lets no more through than its rate, and measures it', async () => {
    let passedMs = 0;
    const pace = createPace(1000, () => performance.now() + passedMs);
    const never = new AbortController().signal;
    const startedMs = performance.now();
    for (let n = 0; n < 5; n += 1) await pace.spend(50, never);
    // A tenth of a second may be saved up.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(145);
    expect(pace.rate()).toBe(0);
    passedMs = 4000;
    expect(pace.rate()).toBeGreaterThan(55);
    expect(pace.rate()).toBeLessThan(62.5);
  });

  it('never tells more than its rate, from which the time that is left is reckoned', async () => {
    let nowMs = 0;
    const pace = createPace(100, () => nowMs);
    const ending = new AbortController();
    const spending = pace.spend(1000, ending.signal);
    for (const [atMs, rate] of [
      [1, 0],
      [2000, 100],
      [4999, 100],
    ] as const) {
      nowMs = atMs;
      expect(pace.rate()).toBe(rate);
    }
    ending.abort(new Error('over'));
    await expect(spending).rejects.toThrow();
  });

  it('ends with its signal', async () => {
    const ending = new AbortController();
    const spending = createPace(1).spend(1000, ending.signal);
    ending.abort(new Error('over'));
    await expect(spending).rejects.toThrow();
  });
});
