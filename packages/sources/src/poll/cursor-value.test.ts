import { FIRST_CHECKPOINT, type PollCheckpoint } from '@sluice/contracts/poll';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTimestampCursor, toRequest } from './cursor.ts';
import { formatCursorValue, parseCursorValue } from './cursor-value.ts';
import { readRecords, toHigher } from './records.ts';

describe('a cursor value', () => {
  test.each([
    ['2026-06-01T12:00:00Z', '2026-06-01T12:00:00Z'],
    ['2026-06-01T12:00Z', '2026-06-01T12:00Z'],
    ['2026-06-01t12:00:00.123999z', '2026-06-01t12:00:00.123000z'],
    ['2026-06-01T14:00:00.5+02:00', '2026-06-01T14:00:00.5+02:00'],
    ['2026-06-01 07:00:00,123-0500', '2026-06-01 07:00:00,123-0500'],
    ['2026-06-01 12:00:00.25+00', '2026-06-01 12:00:00.25+00'],
    ['2026-06-01 12:00:00 UTC', '2026-06-01 12:00:00 UTC'],
    ['2026-06-01 12:00:00', '2026-06-01 12:00:00'],
    ['2026-06-01T12:00:00.000', '2026-06-01T12:00:00.000'],
    [1_780_315_200, '1780315200'],
    [1_780_315_200.75, '1780315200'],
    ['1780315200', '1780315200'],
    [1_780_315_200_123, '1780315200123'],
    [1_780_315_200_123_456, '1780315200123000'],
    ['1780315200123456789', '1780315200123000000'],
    [20_260_601_120_000, '20260601120000'],
    ['20260601120000123', '20260601120000123'],
    ['202606011200', '202606011200'],
  ])('%j is read, and written the way its source does: %s', (value, written) => {
    const parsed = parseCursorValue(value);
    expect(new Date(parsed?.atMs ?? 0).toISOString()).toMatch(/^2026-06-01T12:00:00/);
    expect(parsed && formatCursorValue(parsed)).toBe(written);
  });

  test.each([
    ['2026-06-01', '2026-05-31'],
    ['20260601', '20260531'],
    ['2026-06-01 12:00:00', '2026-06-01 11:59:00'],
    ['2026-06-01T00:00:30.123+02:00', '2026-05-31T23:59:30.123+02:00'],
    ['2026-06-01 12:00:00.123456', '2026-06-01 11:59:00.123000'],
    ['1780315200123456', '1780315140123000'],
    ['20260601000000', '20260531235900'],
  ])('%s less a lookback of a minute is written %s', (value, written) => {
    const parsed = parseCursorValue(value);
    const { from } = toRequest({ lookback: 60 }, { point: parsed ?? null, run: null });
    expect(from && formatCursorValue(from)).toBe(written);
  });

  test('of a large number its own digits count', () => {
    expect(parseCursorValue(Number('20260601120000123'), '20260601120000123')?.atMs).toBe(
      Date.parse('2026-06-01T12:00:00.123Z'),
    );
  });

  test.each([
    null,
    undefined,
    true,
    {},
    '',
    'yesterday',
    '2026',
    '2026-13-01',
    '01.06.2026',
    '2026-06-01T12:00:00+99',
    -1,
    1e300,
    [1],
  ])('%j is none', (value) => {
    expect(parseCursorValue(value)).toBeUndefined();
  });
});

test('fractions that leave out zeros are written as long as the longest', () => {
  const [short, long] = ['2026-06-01 10:00:01', '2026-06-01 10:00:00.25'].map((text) =>
    parseCursorValue(text),
  );
  expect(toHigher(long ?? null, short ?? null)).toMatchObject({ pattern: 'yyyy-MM-dd HH:mm:ss.SS' });
});

/** Writes a time as a source makes it of ISO 8601 by the clock of a zone. */
const iso = (change: (text: string) => string, aheadMs = 0) => {
  return (atMs: number) => change(new Date(atMs + aheadMs).toISOString());
};

const FORMS: Readonly<Record<string, (atMs: number) => string | number>> = {
  'RFC 3339': iso((text) => text),
  'without a zone': iso((text) => text.slice(0, 19).replace('T', ' ')),
  'without seconds': iso((text) => text.slice(0, 16)),
  'a date': iso((text) => text.slice(0, 10)),
  'with microseconds': iso((text) => text.replace('T', ' ').replace('Z', '000')),
  'west of UTC': iso((text) => `${text.slice(0, 19)}-07:00`, -7 * 3_600_000),
  'east of UTC': iso((text) => text.replace('T', ' ').replace('Z', ' +0530'), 330 * 60_000),
  digits: iso((text) => text.slice(0, 19).replace(/\D/g, '')),
  'a number of digits': (atMs) => Number(new Date(atMs).toISOString().slice(0, 19).replace(/\D/g, '')),
  'digits with milliseconds': iso((text) => text.replace(/\D/g, '')),
  seconds: (atMs) => Math.floor(atMs / 1000),
  milliseconds: (atMs) => atMs,
  microseconds: (atMs) => atMs * 1000,
  nanoseconds: (atMs) => `${atMs}000000`,
};

/** Polls a source that compares the texts it writes, once for every record that is added; returns what was read. */
function readAll(times: readonly number[], write: (atMs: number) => string | number, lookback: number) {
  const options = { kind: 'timestamp', param: 'since', path: 'at', lookback } as const;
  const shape = { format: 'json', delimiter: ',', recordsPath: '', idPath: 'id', cursor: options } as const;
  const cursor = createTimestampCursor({ url: 'http://erp.test/', pageSize: 50 }, options);
  const url = new URL('http://erp.test/');
  const seen = new Set<number>();
  let checkpoint: PollCheckpoint = FIRST_CHECKPOINT;
  let tooOld = 0;
  for (const [index, newest] of times.entries()) {
    const since = cursor.toUrl(checkpoint).searchParams.get('since');
    const rows = times.slice(0, index + 1).map((atMs, id) => ({ id, at: write(atMs) }));
    const found = rows.filter(({ at }) => since === null || String(at) >= since);
    const fromMs = (times[index - 1] ?? 0) - lookback * 1000 - 2 * 86_400_000;
    for (const { id } of found) {
      seen.add(id);
      if ((times[id] ?? 0) < fromMs) tooOld += 1;
    }
    const clock = { dateMs: newest + 1000, requestedAtMs: newest + 1000 };
    const asked = { url, link: undefined, isRepeat: false, visited: new Set<string>() };
    const read = readRecords(JSON.stringify(found), shape);
    ({ checkpoint } = cursor.advance(checkpoint, { ...read, ...clock, ...asked }));
  }
  return { seen, tooOld };
}

test('a source that compares texts is read to its end, and no further back than need be', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 3 * 86_400_000 }), { minLength: 1, maxLength: 12 });
  const form = fc.constantFrom(...Object.keys(FORMS));
  fc.assert(
    fc.property(steps, form, fc.constantFrom(0, 60, 86_400), (found, name, lookback) => {
      let atMs = Date.parse('2026-06-01T10:00:00Z');
      const times = found.map((step) => (atMs += step));
      const { seen, tooOld } = readAll(times, FORMS[name] ?? String, lookback);
      expect([seen.size, tooOld]).toEqual([times.length, 0]);
    }),
    { numRuns: 500 },
  );
});
