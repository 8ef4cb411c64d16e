import type { JsonValue } from '@sluice/contracts/json';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { createTimeReader } from './declared-time.ts';
import { parseTimeFormat, type TimeFormat } from './time-format.ts';
import { parseTimeZone } from './time-zone.ts';
import { WARNINGS } from './warnings.ts';

function toFormat(format: string): TimeFormat {
  const parsed = parseTimeFormat(format);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

function read(value: JsonValue, formats: readonly string[], zone?: string): [string, string[]] | null {
  const parsedZone = zone === undefined ? undefined : (parseTimeZone(zone) ?? undefined);
  const found = createTimeReader(formats.map(toFormat), parsedZone)(value);
  return found && [found.value, found.guesses.map(({ code }) => code)];
}

const NEW_YEAR = '2024-01-01T00:00:00.000Z';
const [ASSUMED, GUESSED] = [WARNINGS.zoneAssumed, WARNINGS.timeGuessed];

describe('a date with declared formats', () => {
  it.each<[JsonValue, string[], string | undefined, string, string[]]>([
    ['01.01.2024', ['dd.MM.yyyy'], undefined, NEW_YEAR, []],
    ['02/01/2024', ['MM/dd/yyyy'], undefined, '2024-02-01T00:00:00.000Z', []],
    [20240101, ['yyyyMMdd'], undefined, NEW_YEAR, []],
    ['2024-01-01 00:00', ['yyyy-MM-dd HH:mm'], undefined, NEW_YEAR, [ASSUMED]],
    ['2024-01-01 01:00', ['yyyy-MM-dd HH:mm'], 'Europe/Berlin', NEW_YEAR, []],
    ['01.01.2024', ['dd.MM.yyyy'], '+01:00', '2023-12-31T23:00:00.000Z', []],
    ['2024-01-01T01:00+01:00', ["yyyy-MM-dd'T'HH:mmZZ"], 'Asia/Tokyo', NEW_YEAR, []],
    ['1/1/2024 12:00 AM', ['M/d/yyyy h:mm a'], 'UTC', NEW_YEAR, []],
    ['Jan 1, 2024', ['LLL d, yyyy'], undefined, NEW_YEAR, []],
    ['2024-W01', ["kkkk-'W'WW"], undefined, NEW_YEAR, []],
    ['2024001', ['yyyyooo'], undefined, NEW_YEAR, []],
    ['01.01.24', ['dd.MM.yy'], undefined, NEW_YEAR, [GUESSED]],
    ['01.01.2024', ['iso', 'dd.MM.yyyy'], undefined, NEW_YEAR, []],
    ['01.02.2024', ['dd.MM.yyyy', 'MM.dd.yyyy'], undefined, '2024-02-01T00:00:00.000Z', [GUESSED]],
    ['31.01.2024', ['dd.MM.yyyy', 'MM.dd.yyyy'], undefined, '2024-01-31T00:00:00.000Z', []],
    ['02.02.2024', ['dd.MM.yyyy', 'MM.dd.yyyy'], undefined, '2024-02-02T00:00:00.000Z', []],
    [
      '2024-03-31 02:30',
      ['yyyy-MM-dd HH:mm'],
      'Europe/Berlin',
      '2024-03-31T01:30:00.000Z',
      [WARNINGS.clockChanged],
    ],
    [
      '2024-10-27 02:30',
      ['yyyy-MM-dd HH:mm'],
      'Europe/Berlin',
      '2024-10-27T00:30:00.000Z',
      [WARNINGS.clockChanged],
    ],
    ['2024-01-01T00:00:00Z', ['iso'], undefined, NEW_YEAR, []],
    ['2024-01-01T00:00:00', ['iso'], undefined, NEW_YEAR, [ASSUMED]],
    ['2024-01-01T09:00:00', ['iso'], 'Asia/Tokyo', NEW_YEAR, []],
    ['2024-01-01', ['iso'], 'Asia/Tokyo', '2023-12-31T15:00:00.000Z', []],
    ['20240101', ['iso'], undefined, NEW_YEAR, []],
    ['20240101T000000Z', ['iso'], undefined, NEW_YEAR, []],
    ['2024-W01-1', ['iso'], undefined, NEW_YEAR, []],
    [1704067200, ['seconds'], undefined, NEW_YEAR, []],
    ['1704067200.5', ['seconds'], 'Asia/Tokyo', '2024-01-01T00:00:00.500Z', []],
    [1704067200000, ['millis'], undefined, NEW_YEAR, []],
    [86400, ['seconds'], undefined, '1970-01-02T00:00:00.000Z', []],
    [1704067200000, ['seconds', 'millis'], undefined, NEW_YEAR, []],
    [1704067200, ['seconds', 'millis'], undefined, NEW_YEAR, []],
    [1704067200, ['millis', 'seconds'], undefined, '1970-01-20T17:21:07.200Z', [GUESSED]],
    [20240101000000, ['yyyyMMddHHmmss'], undefined, NEW_YEAR, [ASSUMED]],
    ['2024-01-01 00:00:00.5', ['yyyy-MM-dd HH:mm:ss.S'], 'UTC', '2024-01-01T00:00:00.005Z', [GUESSED]],
    ['2024-01-01 00:00:00.05', ['yyyy-MM-dd HH:mm:ss.S'], 'UTC', '2024-01-01T00:00:00.005Z', [GUESSED]],
    ['2024-01-01 00:00:00.005', ['yyyy-MM-dd HH:mm:ss.S'], 'UTC', '2024-01-01T00:00:00.005Z', []],
    ['2024-01-01 00:00:00.500', ['yyyy-MM-dd HH:mm:ss.SSS'], 'UTC', '2024-01-01T00:00:00.500Z', []],
    ['2024-01-01 00:00:00.5', ['yyyy-MM-dd HH:mm:ss.u'], 'UTC', '2024-01-01T00:00:00.500Z', []],
    [20240101000000124, ['yyyyMMddHHmmssSSS'], 'UTC', '2024-01-01T00:00:00.124Z', [WARNINGS.numberRounded]],
  ])('reads %j by %j in %s as %s', (value, formats, zone, time, codes) => {
    expect(read(value, formats, zone)).toEqual([time, codes]);
  });

  it.each<[JsonValue, string[]]>([
    ['2024-01-01', ['dd.MM.yyyy']],
    ['1.1.2024', ['dd.MM.yyyy']],
    ['31.02.2024', ['dd.MM.yyyy']],
    ['01.01.2024 10:00', ['dd.MM.yyyy']],
    ['Mon, 01 Jan 2024 00:00:00 GMT', ['iso']],
    ['2024/01/01', ['iso']],
    ['2024-1-1', ['iso']],
    ['2024-01-01 10:00 PM', ['iso']],
    [1704067200, ['iso']],
    ['2024-01-01T00:00:00Z', ['seconds', 'millis']],
    [1704067200000, ['seconds']],
    ['', ['iso']],
    [null, ['iso']],
    [true, ['seconds']],
    [{}, ['iso']],
    ['1'.repeat(65), ['seconds']],
  ])('does not read %j by %j', (value, formats) => {
    expect(read(value, formats)).toBeNull();
  });

  it('tells what it did, and keeps digits beyond a millisecond apart', () => {
    const zone = parseTimeZone('Europe/Berlin') ?? undefined;
    expect(createTimeReader([toFormat('dd.MM.yyyy HH:mm')], zone)('01.01.2024 01:00')).toEqual({
      ...{ value: NEW_YEAR, precise: NEW_YEAR, guesses: [] },
      conversion: 'dd.MM.yyyy HH:mm in Europe/Berlin to UTC',
    });
    expect(
      createTimeReader([toFormat('yyyyMMdd HHmmss.uZZZ')], zone)('20240101 000000.1234560+0000'),
    ).toMatchObject({
      ...{ value: '2024-01-01T00:00:00.123Z', precise: '2024-01-01T00:00:00.123456Z' },
    });
    expect(createTimeReader([toFormat('iso')], undefined)(NEW_YEAR)).not.toHaveProperty('conversion');
  });

  it.each([
    ['dd.MM.yyyy HH:mm:ss.u', '01.01.2024 00:00:00.123456'],
    ['HH:mm:ss.u dd.MM.yyyy', '00:00:00.123456 01.01.2024'],
    ['yyyyMMddHHmmssu', '20240101000000123456'],
    ['yyyy.MM.dd HH:mm:ss,u ZZZ', '2024.01.01 00:00:00,123456 +0000'],
    ["kkkk-'W'WW-c'T'HHmmss.uZZZ", '2024-W01-1T000000.123456+0000'],
    ['iso', '20240101T000000.123456Z'],
    ['iso', '2024-W01-1T00:00:00.123456Z'],
    ['iso', '2024-001T00:00:00,1234560Z'],
  ])('keeps the digits beyond a millisecond wherever they stand: %s', (format, text) => {
    const precise = (value: string) => createTimeReader([toFormat(format)], undefined)(value)?.precise;
    expect(precise(text)).toBe('2024-01-01T00:00:00.123456Z');
    expect(precise(text.replace('123456', '1234'))).toBe('2024-01-01T00:00:00.1234Z');
    expect(precise(text.replace('123456', '1'))).toBe('2024-01-01T00:00:00.100Z');
  });

  it('reads back what Luxon writes in a format, in every zone', () => {
    const format = 'dd.MM.yyyy HH:mm:ss';
    const moments = fc.date({
      min: new Date('1980-01-01'),
      max: new Date('2060-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moments, fc.constantFrom('Europe/Berlin', 'America/Lima', '+05:30'), (date, name) => {
        const zone = name.startsWith('+') ? `UTC${name}` : name;
        const written = DateTime.fromJSDate(date, { zone }).startOf('second');
        const found = read(written.toFormat(format), [format], name);
        if (found?.[1].length === 0) expect(found[0]).toBe(written.toUTC().toISO());
        else expect(found?.[1]).toEqual([WARNINGS.clockChanged]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a date with a zone and no format', () => {
  it.each<[JsonValue, string, string, string[]]>([
    ['2024-01-01 01:00', 'Europe/Berlin', NEW_YEAR, []],
    ['2024-01-01', 'Europe/Berlin', '2023-12-31T23:00:00.000Z', []],
    ['1 Jan 2024', 'Europe/Berlin', '2023-12-31T23:00:00.000Z', []],
    ['2024-01-01T00:00:00Z', 'Europe/Berlin', NEW_YEAR, []],
    ['20240101T010000', 'Europe/Berlin', NEW_YEAR, []],
    [1704067200, 'Europe/Berlin', NEW_YEAR, []],
    ['03/04/2024 02:00', '+02:00', '2024-04-03T00:00:00.000Z', [GUESSED]],
    ['2024-03-31T02:30:00', 'Europe/Berlin', '2024-03-31T01:30:00.000Z', [WARNINGS.clockChanged]],
  ])('reads %j in %s as %s', (value, zone, time, codes) => {
    expect(read(value, [], zone)).toEqual([time, codes]);
  });

  it('does not take a canonical time of no zone for UTC', () => {
    const format = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";
    expect(read('2024-01-01T09:00:00.000Z', [format], 'Asia/Tokyo')).toEqual([NEW_YEAR, []]);
    expect(read('2024-01-01T09:00:00.000', [], 'Asia/Tokyo')).toEqual([NEW_YEAR, []]);
  });
});

describe('parseTimeFormat', () => {
  it.each([
    ['HH:mm', /year/],
    ['dd.MM.', /year/],
    ['dd.MM.yyyy hh:mm', /am or pm/],
    ['yyyy-MM-dd HH:mm a', /contradict/],
    ['yyyy-MM-dd HH:mm z', /name of a zone/],
    ['yyyy-MM-dd HH:mm ZZZZ', /name of a zone/],
    ['yyyyMdHmsMdHmsMdHms', /the month stands there twice/],
    ['dd.MM.yyyy HH:mm dd', /the day stands there twice/],
    ['dd.MM.yyyy LLL', /the month stands there twice/],
    ['YYYY-MM-DD', /`YYYY` is no token: the year is yyyy/],
    ['yyyy-MM-DD', /`DD` is no token: the day of the month is dd/],
    ['%Y-%m-%d', /`Y` is no token/],
    ['yyyy-MM-ddTHH:mm', /`T` is no token: .* needs quotes, like 'T'/],
    ["yyyy-MM-dd'T", /quote is not closed/],
    ['yyyy-MM-dd HH:mm:ss.SSSSSS', /or u for any number/],
    ['dd-mm-yyyy', /`dd` is the day and needs the month \(MM\)/],
    ['mm/dd/yyyy', /`mm` is the minute and needs the hour \(HH\); the month is MM/],
    ['yyyy-MM-dd ss', /needs the minute/],
    ["yyyy-'W'WW", /needs the year of the week \(kkkk\)/],
    ['yyyy kkkk', /contradict|read back/],
    ['nonsense', /`n` is no token/],
    ['X', /seconds and millis/],
  ])('refuses %j', (format, problem) => {
    expect(parseTimeFormat(format)).toMatchObject({ problem: expect.stringMatching(problem) });
  });

  it('never throws and never gives a canonical time that is none, whatever the format and the text', () => {
    const token = fc.constantFrom(
      ...['yyyy', 'MM', 'dd', 'HH', 'hh', 'a', 'mm', 'ss', 'u', 'Z', 'z', 'D', 't', '-', "'"],
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 8 }), fc.string({ maxLength: 20 }), (tokens, text) => {
        const format = parseTimeFormat(tokens.join(' '));
        if ('problem' in format) return;
        const found = createTimeReader([format], undefined)(text);
        if (found !== null) expect(new Date(found.value).toISOString()).toBe(found.value);
      }),
      { numRuns: 500 },
    );
  });
});
