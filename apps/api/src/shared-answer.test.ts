import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSharedAnswer } from './shared-answer.ts';

function start() {
  const runs: PromiseWithResolvers<number>[] = [];
  const ask = createSharedAnswer({
    compute: () => {
      const run = Promise.withResolvers<number>();
      runs.push(run);
      return run.promise;
    },
    maxAgeMs: 1000,
    patienceMs: 2500,
    now: () => performance.now(),
  });
  return { ask, runs };
}

describe('a shared answer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is computed once for all who ask meanwhile', async () => {
    const { ask, runs } = start();
    const answers = Promise.all([ask(), ask(), ask()]);
    runs[0]?.resolve(1);
    expect(await answers).toEqual([1, 1, 1]);
    expect(runs).toHaveLength(1);
  });

  it('is good for its age, and computed anew after it', async () => {
    const { ask, runs } = start();
    const first = ask();
    runs[0]?.resolve(1);
    await first;
    vi.advanceTimersByTime(999);
    expect(await ask()).toBe(1);
    vi.advanceTimersByTime(1);
    const second = ask();
    runs[1]?.resolve(2);
    expect(await second).toBe(2);
  });

  it('is waited for only so long, and is there for who asks later', async () => {
    const { ask, runs } = start();
    const early = ask();
    const refused = expect(early).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryAfterSeconds: 1 });
    vi.advanceTimersByTime(2500);
    await refused;
    const late = ask();
    runs[0]?.resolve(1);
    expect(await late).toBe(1);
    expect(runs).toHaveLength(1);
  });

  it('tells a failure to those who waited, and is computed anew for the next', async () => {
    const { ask, runs } = start();
    const failed = Promise.allSettled([ask(), ask()]);
    runs[0]?.reject(new Error('away'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = ask();
    runs[1]?.resolve(2);
    expect(await next).toBe(2);
  });
});
