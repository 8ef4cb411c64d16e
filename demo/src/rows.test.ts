import { expect, test } from 'vitest';
import type { Counts } from './expected.ts';
import type { LedgerChange } from './ledger.ts';
import { listFaults, toLedgerLine, toRows } from './rows.ts';
import { renderTable } from './table.ts';

const counts: Counts = {
  answered: { github: 350, metrics: 1000, vitals: 500 },
  accepted: 2000,
  merged: 52,
  rejected: new Map([['ERR_JSON_INVALID', 5]]),
  normalized: 1920,
  duplicateRaw: 10,
  duplicateNormalized: 60,
  dead: 10,
  polled: 300,
  devices: 25,
};
const change: LedgerChange = {
  accepted: 2000,
  normalized: 1920,
  duplicate: 70,
  duplicateRaw: 10,
  duplicateNormalized: 60,
  dead: 10,
  inFlight: 0,
  merged: 0,
  unaccounted: 0,
};
const latency = { p50Ms: 12, p99Ms: 1480 };

test('finds no fault where everything came out as expected', () => {
  expect(listFaults(toRows(counts, { counts, latency }), change)).toEqual([]);
});

test('names each row that is off', () => {
  const seen = { ...counts, duplicateNormalized: 59, rejected: new Map([['ERR_BODY_INVALID', 5]]) };
  expect(listFaults(toRows(counts, { counts: seen, latency }), change)).toEqual([
    'rejected, ERR_BODY_INVALID: expected 0, seen 5.',
    'rejected, ERR_JSON_INVALID: expected 5, seen 0.',
    'duplicate, normalized: same record, spelled otherwise: expected 60, seen 59.',
  ]);
});

test('names a ledger that does not balance', () => {
  const rows = toRows(counts, { counts, latency });
  const fault = ['The ledger does not balance.'];
  expect(listFaults(rows, { ...change, dead: 9 })).toEqual(fault);
  expect(listFaults(rows, { ...change, unaccounted: 1 })).toEqual(fault);
});

test('writes the ledger as an equation', () => {
  expect(toLedgerLine(change)).toBe(
    'accepted 2,000 = normalized 1,920 + duplicate 70 + dead 10 + in flight 0',
  );
});

test('marks right and wrong rows in the table', () => {
  const rows = toRows(counts, { counts: { ...counts, dead: 9 }, latency });
  const lines = renderTable(rows, change, (_, text) => text).split('\n');
  expect(lines.find((line) => line.includes('dead letters'))).toMatch(/10 +9 +✗/);
  expect(lines.find((line) => line.includes('device readings'))).toMatch(/500 +500 +✓/);
  expect(lines.find((line) => line.includes('p99'))).toMatch(/1,480 ms *$/);
});
