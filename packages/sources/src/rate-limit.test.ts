import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

/** A limit whose clock the test turns. */
function limitAt(options: { perSecond: number; burst?: number }, startMs = 1_780_315_200_000) {
  const clock = { ms: startMs };
  const { take } = createRateLimit({ ...options, now: () => clock.ms });
  return { clock, take };
}

test('lets through the burst at once, then the rate', () => {
  const { clock, take } = limitAt({ perSecond: 10, burst: 3 });
  expect([take(1), take(1), take(1)]).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
  expect(take(1)).toEqual({ ok: false, retryAfterMs: 100 });
  clock.ms += 99;
  expect(take(1)).toEqual({ ok: false, retryAfterMs: 1 });
  clock.ms += 1;
  expect(take(1)).toEqual({ ok: true });
  clock.ms += 3_600_000;
  expect([take(3), take(1)]).toEqual([{ ok: true }, { ok: false, retryAfterMs: 100 }]);
});

test.each([
  [{ perSecond: 5 }, 5],
  [{ perSecond: 0.1 }, 1],
])('takes the events of one second as the burst, at least one: %o', (options, burst) => {
  const { take } = limitAt(options);
  expect(take(burst)).toEqual({ ok: true });
  expect(take(1)).toMatchObject({ ok: false });
});

test('uses nothing up by refusing', () => {
  const { clock, take } = limitAt({ perSecond: 1, burst: 2 });
  take(1);
  for (let at = 0; at < 100; at++) expect(take(2)).toEqual({ ok: false, retryAfterMs: 1000 });
  expect(take(1)).toEqual({ ok: true });
  clock.ms += 2000;
  expect(take(2)).toEqual({ ok: true });
});

test('lets through more than the burst when it is full, and makes up for it afterwards', () => {
  const { clock, take } = limitAt({ perSecond: 100, burst: 10 });
  expect(take(60)).toEqual({ ok: true });
  expect(take(1)).toEqual({ ok: false, retryAfterMs: 510 });
  clock.ms += 510;
  expect(take(1)).toEqual({ ok: true });
});

test('neither gives nor takes when the clock jumps back', () => {
  const { clock, take } = limitAt({ perSecond: 10, burst: 10 });
  take(10);
  clock.ms += 500;
  expect(take(6)).toEqual({ ok: false, retryAfterMs: 100 });
  clock.ms -= 86_400_000;
  expect(take(6)).toEqual({ ok: false, retryAfterMs: 100 });
  expect(take(5)).toEqual({ ok: true });
  clock.ms += 100;
  expect([take(1), take(1)]).toEqual([{ ok: true }, { ok: false, retryAfterMs: 100 }]);
});

test.each([1000 / 19, 5 / 3, 0.1])(
  'names a time that will do, although %d is no round number',
  (perSecond) => {
    const { clock, take } = limitAt({ perSecond, burst: 1 });
    take(1);
    const refused = take(1);
    clock.ms += refused.ok ? 0 : refused.retryAfterMs;
    expect([refused.ok, take(1).ok]).toEqual([false, true]);
  },
);

const rate = fc.oneof(
  fc.integer({ min: 1, max: 1_000_000 }),
  fc.double({ min: 0.001, max: 1000, noNaN: true, noDefaultInfinity: true }),
);
const steps = fc.array(
  fc.record({ waitMs: fc.integer({ min: 0, max: 5000 }), count: fc.integer({ min: 1, max: 20 }) }),
  { maxLength: 60 },
);

test('never lets through more than burst and rate allow', () => {
  fc.assert(
    fc.property(rate, fc.integer({ min: 20, max: 1000 }), steps, (perSecond, burst, all) => {
      const { clock, take } = limitAt({ perSecond, burst });
      const startMs = clock.ms;
      let passed = 0;
      for (const { waitMs, count } of all) {
        clock.ms += waitMs;
        if (take(count).ok) passed += count;
        expect(passed).toBeLessThanOrEqual(burst + ((clock.ms - startMs) * perSecond) / 1000 + 1e-6);
      }
    }),
  );
});

test('lets the same events through after the time that it named, and not a millisecond before', () => {
  fc.assert(
    fc.property(rate, fc.integer({ min: 1, max: 50 }), steps, (perSecond, burst, all) => {
      const { clock, take } = limitAt({ perSecond, burst });
      for (const { waitMs, count } of all) {
        clock.ms += waitMs;
        const first = take(count);
        if (first.ok) continue;
        expect(first.retryAfterMs).toBeGreaterThan(0);
        clock.ms += first.retryAfterMs - 1;
        if (first.retryAfterMs > 1) expect(take(count).ok).toBe(false);
        clock.ms += 1;
        expect(take(count)).toEqual({ ok: true });
      }
    }),
  );
});
