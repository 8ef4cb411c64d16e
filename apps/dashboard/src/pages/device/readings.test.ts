import { expect, it } from 'vitest';
import { toVitalLines } from './readings.ts';

const NOW = Date.UTC(2026, 0, 2, 12, 7);
const at = (minutesAgo: number) => new Date(NOW - minutesAgo * 60_000).toISOString();

it('means the readings of each quarter of an hour, and leaves gaps where there was none', () => {
  const { times, lines } = toVitalLines(
    [
      { timestamp: at(1), data: { heartRate: 70, deviceId: 'a' } },
      { timestamp: at(2), data: { heartRate: 80, spo2: 97 } },
      { timestamp: at(20), data: { heartRate: 60 } },
      { timestamp: at(48 * 60), data: { heartRate: 1 } },
      { timestamp: null, data: { heartRate: 1 } },
    ],
    NOW,
  );
  expect(times).toHaveLength(96);
  expect(times.at(-1)).toBe('2026-01-02T12:00:00.000Z');
  expect(lines.map(({ name, values }) => [name, ...values.slice(-3)])).toEqual([
    ['heartRate', null, 60, 75],
    ['spo2', null, null, 97],
  ]);
});
