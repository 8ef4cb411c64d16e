import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coerceTime } from './coerce-time.ts';
import { WARNINGS } from './warnings.ts';

function read(value: Parameters<typeof coerceTime>[0]): [string, string[]] | null {
  const found = coerceTime(value);
  return found && [found.value, found.guesses.map(({ code }) => code)];
}

const NEW_YEAR = '2024-01-01T00:00:00.000Z';

describe('coerceTime', () => {
  it.each([
    ['2024-01-01T00:00:00Z', NEW_YEAR],
    ['2024-01-01T00:00:00.000Z', NEW_YEAR],
    ['2024-01-01t00:00:00z', NEW_YEAR],
    ['2024-01-01T01:00:00+01:00', NEW_YEAR],
    ['2023-12-31T19:00:00-0500', NEW_YEAR],
    ['2024-01-01 01:00:00 +01', NEW_YEAR],
    ['2024-01-01 00:00:00 UTC', NEW_YEAR],
    ['2023-12-31T24:00:00Z', NEW_YEAR],
    ['2024-01-01T00:00Z', NEW_YEAR],
    ['20240101T000000Z', NEW_YEAR],
    ['2024-W01-1', NEW_YEAR],
    ['2024-001', NEW_YEAR],
    ['2024-01-01', NEW_YEAR],
    ['2024/01/01', NEW_YEAR],
    ['2024/1/1', NEW_YEAR],
    ['2024.01.01', NEW_YEAR],
    ['01.01.2024', NEW_YEAR],
    ['01/01/2024', NEW_YEAR],
    ['01.02.2024', '2024-02-01T00:00:00.000Z'],
    ['13/02/2024', '2024-02-13T00:00:00.000Z'],
    ['02/13/2024', '2024-02-13T00:00:00.000Z'],
    ['2/13/2024, 1:05:09 PM Z', '2024-02-13T13:05:09.000Z'],
    ['2024-01-01 12:00 am Z', NEW_YEAR],
    ['Mon, 01 Jan 2024 00:00:00 +0000', NEW_YEAR],
    ['1 Jan 2024 01:00:00 +0100', NEW_YEAR],
    ['Mon, 01 Jan 2024 00:00:00 GMT', NEW_YEAR],
    ['1 Jan 2024', NEW_YEAR],
    ['January 1, 2024', NEW_YEAR],
    ['1704067200', NEW_YEAR],
    ['1704067200000', NEW_YEAR],
    [1704067200, NEW_YEAR],
    [1704067200000, NEW_YEAR],
    [1704067200000000, NEW_YEAR],
    ['1704067200000000000', NEW_YEAR],
    [1704067200.123, '2024-01-01T00:00:00.123Z'],
    [1704067200000.5, NEW_YEAR],
    [0, '1970-01-01T00:00:00.000Z'],
    ['2024-02-29T23:59:59.9Z', '2024-02-29T23:59:59.900Z'],
    ['2199-12-31T23:59:59Z', '2199-12-31T23:59:59.000Z'],
  ])('reads %j as %s without guessing', (value, time) => {
    expect(read(value)).toEqual([time, []]);
  });

  it.each([
    ['2024-01-01T00:00:00', NEW_YEAR, WARNINGS.zoneAssumed],
    ['2024-01-01 00:00', NEW_YEAR, WARNINGS.zoneAssumed],
    ['20240101T000000', NEW_YEAR, WARNINGS.zoneAssumed],
    ['01/02/2024', '2024-02-01T00:00:00.000Z', WARNINGS.timeGuessed],
    ['03-04-2024', '2024-04-03T00:00:00.000Z', WARNINGS.timeGuessed],
    ['20240101', NEW_YEAR, WARNINGS.timeGuessed],
    [20240101000000, NEW_YEAR, [WARNINGS.timeGuessed, WARNINGS.zoneAssumed]],
    ['20240101000000', NEW_YEAR, [WARNINGS.timeGuessed, WARNINGS.zoneAssumed]],
    ['202401010000', NEW_YEAR, [WARNINGS.timeGuessed, WARNINGS.zoneAssumed]],
    [202401010000, '1976-05-31T14:30:10.000Z', WARNINGS.timeGuessed],
    [1704067200123456800, '2024-01-01T00:00:00.123Z', WARNINGS.numberRounded],
    ['1200', '1970-01-01T00:20:00.000Z', WARNINGS.timeGuessed],
    ['2023-12-31T23:59:60Z', NEW_YEAR, WARNINGS.timeGuessed],
    ['05 Mar 24 10:00 GMT', '2024-03-05T10:00:00.000Z', WARNINGS.timeGuessed],
    [20240304, '1970-08-23T06:18:24.000Z', WARNINGS.timeGuessed],
    [2024, '1970-01-01T00:33:44.000Z', WARNINGS.timeGuessed],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z', WARNINGS.timeOutOfRange],
    ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59.000Z', WARNINGS.timeOutOfRange],
    ['2201-01-01', '2201-01-01T00:00:00.000Z', WARNINGS.timeOutOfRange],
    [-1, '1969-12-31T23:59:59.000Z', WARNINGS.timeOutOfRange],
    [-1.5, '1969-12-31T23:59:58.500Z', WARNINGS.timeOutOfRange],
  ])('reads %j as %s, with a warning', (value, time, code) => {
    expect(read(value)).toEqual([time, [code].flat()]);
  });

  it.each([
    ...[
      '',
      'abc',
      'today',
      '2024',
      '2024-13-01',
      '20240230',
      '20241301120000',
      '20240101250000',
      '2024-02-30',
      '2023-02-29',
      '1900-02-29',
      '32.01.2024',
      '13/13/2024',
    ],
    ...[
      '2024-01-01T25:00:00Z',
      '2024-01-01T24:00:01Z',
      '2024-01-01T00:60:00Z',
      '2024-01-01 13:00 pm Z',
      'T10:00',
    ],
    ...[
      '0000-01-01T00:00:00Z',
      '2024-01-01T00:00:00+19:00',
      '2024-01-01T00:00:00+00:99',
      '2024-01/01',
      '2024-01',
      'NaN',
      '1e12',
      '10:00',
    ],
    ...[
      null,
      true,
      [1],
      {},
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1e21,
      '1'.repeat(65),
      '99999999999999999999',
    ],
  ])('does not read %j', (value) => {
    expect(coerceTime(value)).toBeNull();
  });

  it('keeps the digits beyond a millisecond apart', () => {
    expect(coerceTime('2024-01-01T00:00:00.1234560Z')).toMatchObject({
      value: '2024-01-01T00:00:00.123Z',
      precise: '2024-01-01T00:00:00.123456Z',
    });
    expect(coerceTime(1704067200123456)?.precise).toBe('2024-01-01T00:00:00.123456Z');
    expect(coerceTime(1704067200.1234)?.precise).toBe('2024-01-01T00:00:00.1234Z');
    expect(coerceTime('2024-01-01T00:00:00.123000Z')?.precise).toBe('2024-01-01T00:00:00.123Z');
  });

  it.each([
    ['-1.0005', '1969-12-31T23:59:58.9995Z'],
    ['-1.0006', '1969-12-31T23:59:58.9994Z'],
    [-1.0006, '1969-12-31T23:59:58.9994Z'],
    ['-0.000001', '1969-12-31T23:59:59.999999Z'],
    ['-0.0009999', '1969-12-31T23:59:59.9990001Z'],
    ['-1.000010', '1969-12-31T23:59:58.99999Z'],
    ['-1.5', '1969-12-31T23:59:58.5Z'],
    ['-1', '1969-12-31T23:59:59Z'],
    ['-0', '1970-01-01T00:00:00Z'],
    ['-1000000000000001', '1938-04-24T22:13:19.999999Z'],
    ['-1000000000000000001', '1938-04-24T22:13:19.999999999Z'],
  ])('keeps them apart before 1970 too: %j is the moment %s', (count, text) => {
    const [counted, written] = [coerceTime(count), coerceTime(text)];
    expect([counted?.value, counted?.precise]).toEqual([written?.value, written?.precise]);
  });

  it.each([
    ...['2026-03-29T12:30:60Z', '2016-12-31T23:59:60.5Z', '31.12.2016 23:59:60', '20161231235960'],
    20161231235960,
  ])('does not let %j, a second 60, tell two records apart', (text) => {
    expect(coerceTime(text)).toMatchObject({
      isAmbiguous: true,
      guesses: expect.arrayContaining([
        expect.objectContaining({ code: WARNINGS.timeGuessed, detail: expect.stringContaining('leap') }),
      ]),
    });
  });

  it('tells what it did', () => {
    expect(coerceTime(NEW_YEAR)).toEqual({ value: NEW_YEAR, precise: NEW_YEAR, guesses: [] });
    expect(coerceTime(1704067200)?.conversion).toBe('epoch seconds to UTC');
    expect(coerceTime('2024/01/01')?.conversion).toBe('date with the year first, midnight to UTC');
  });

  it('reads back every moment that JavaScript writes, as text and as epoch', () => {
    const moments = fc.date({
      // The milliseconds of 1976 can be read as a date.
      min: new Date('1977-01-01'),
      max: new Date('2199-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moments, (date) => {
        const written = date.toISOString();
        expect(read(written)).toEqual([written, []]);
        expect(read(date.getTime())).toEqual([written, []]);
        expect(read(String(date.getTime()))).toEqual([written, []]);
        expect(read(date.getTime() / 1000)).toEqual([written, []]);
        expect(read(date.toUTCString())).toEqual([`${written.slice(0, 19)}.000Z`, []]);
      }),
    );
  });

  it('never throws and never gives anything but a canonical time', () => {
    const characters = fc.constantFrom(...'0123456789-/.:TZW +,');
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: characters, maxLength: 26 }), fc.string(), fc.double()),
        (value) => {
          const found = coerceTime(value);
          if (found !== null) expect(new Date(found.value).toISOString()).toBe(found.value);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
