import { describe, expect, it } from 'vitest';
import { judgeClock } from './clock.ts';

const way = { askedAt: 10_000, answeredAt: 12_000 };

describe('judging a clock', () => {
  it.each([
    [11_000, 'ok', '0 ms'],
    [9_800, 'ok', '200 ms'],
    [12_600, 'warn', '600 ms'],
    [2_000, 'fail', '8.0 s'],
  ])('finds a clock that shows %i between 10,000 and 12,000 %s', (theirs, status, difference) => {
    const finding = judgeClock('Redis', theirs, way);
    expect(finding.status).toBe(status);
    expect(finding.detail).toContain(difference);
  });
});
