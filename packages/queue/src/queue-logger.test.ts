import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createErrorReporter } from './queue-logger.ts';

describe('the error reporter', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('logs a message once in its time and then says how often it came', () => {
    const warn = vi.fn();
    const report = createErrorReporter({ warn }, { role: 'worker' }, 1000);
    for (let n = 0; n < 5; n += 1) report(new Error('refused'));
    report(new Error('another'));
    expect(warn).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1000);
    report(new Error('refused'));
    expect(warn).toHaveBeenLastCalledWith(
      { role: 'worker', error: 'Error', reason: 'refused', suppressed: 4 },
      'redis.failed',
    );
  });
});
