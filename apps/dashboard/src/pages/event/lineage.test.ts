import { expect, it } from 'vitest';
import { countUnmapped, createUnmappedTest, toOrigins } from './lineage.ts';

const record = {
  data: { deviceId: 'D-1', heartRate: 72, unit: 'bpm', fw: '2.1' },
  timestamp: '2026-01-01T00:00:00.000Z',
  lineage: {
    deviceId: { from: '/dev', rule: 'alias' },
    heartRate: { from: '/vitals/hr', rule: 'mapping', conversion: 'text to number' },
    unit: { from: null, rule: 'default' },
    breathRate: { from: null, rule: 'missing' },
    timestamp: { from: '/ts', rule: 'exact' },
  },
};

it('says of every field where it came from and how, of those that are absent or unknown too', () => {
  const origins = toOrigins(record, { fw: '2.1' });
  expect(origins.map(({ name, value, from, how }) => [name, value, from, how])).toEqual([
    ['deviceId', 'D-1', '/dev', 'known alias'],
    ['heartRate', '72', '/vitals/hr', 'mapping, text to number'],
    ['unit', 'bpm', null, 'default of the mapping'],
    ['fw', '2.1', '/fw', 'kept as it came'],
    ['breathRate', '', null, 'absent'],
    ['timestamp', '2026-01-01T00:00:00.000Z', '/ts', 'same name'],
  ]);
});

it('tells what of a payload went into no field', () => {
  const isUnmapped = createUnmappedTest(toOrigins(record, { fw: '2.1' }));
  expect(['/dev', '/vitals', '/vitals/hr', '/vitals/hr/0', '/fw', ''].map(isUnmapped)).toEqual([
    ...[false, false, false, false, true, false],
  ]);
  expect(countUnmapped({ dev: 'D-1', vitals: { hr: 72, br: 16 }, fw: [1, 2] }, isUnmapped)).toBe(3);
});
