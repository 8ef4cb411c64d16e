import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { parseTimeZone } from './time-zone.ts';
import { WARNINGS } from './warnings.ts';

/** Reads a clock of a zone: `[the moment in UTC, the code of the warning]`. */
function read(zone: string, clock: string): [string, string | undefined] {
  const moment = parseTimeZone(zone)?.toMoment(Date.parse(`${clock}Z`));
  return [new Date(moment?.epochMs ?? Number.NaN).toISOString(), moment?.guess?.code];
}

describe('parseTimeZone', () => {
  it.each([
    ['UTC', '2024-07-01T12:00:00', '2024-07-01T12:00:00.000Z'],
    ['gmt', '2024-07-01T12:00:00', '2024-07-01T12:00:00.000Z'],
    ['+02:00', '2024-07-01T12:00:00', '2024-07-01T10:00:00.000Z'],
    ['-0330', '2024-07-01T12:00:00', '2024-07-01T15:30:00.000Z'],
    ['UTC+5', '2024-07-01T12:00:00', '2024-07-01T07:00:00.000Z'],
    ['Europe/Berlin', '2024-07-01T12:00:00', '2024-07-01T10:00:00.000Z'],
    ['Europe/Berlin', '2024-01-01T12:00:00', '2024-01-01T11:00:00.000Z'],
    ['Asia/Kathmandu', '2024-01-01T12:00:00', '2024-01-01T06:15:00.000Z'],
    ['America/New_York', '2024-12-31T23:00:00', '2025-01-01T04:00:00.000Z'],
    ['Europe/Berlin', '2024-03-31T01:59:59', '2024-03-31T00:59:59.000Z'],
    ['Europe/Berlin', '2024-03-31T03:00:00', '2024-03-31T01:00:00.000Z'],
    ['Europe/Berlin', '2024-10-27T01:59:59', '2024-10-26T23:59:59.000Z'],
    ['Europe/Berlin', '2024-10-27T03:00:00', '2024-10-27T02:00:00.000Z'],
    ['Pacific/Apia', '2011-12-31T00:00:00', '2011-12-30T10:00:00.000Z'],
    ['Europe/Amsterdam', '1900-01-01T12:00:00', '1900-01-01T11:42:30.000Z'],
  ])('reads a clock of %s that shows %s as %s', (zone, clock, utc) => {
    expect(read(zone, clock)[1]).toBeUndefined();
    // Amsterdam's old offset depends on the edition of the zone data: 17.5 or 19.5 minutes.
    if (!clock.startsWith('1900')) expect(read(zone, clock)[0]).toBe(utc);
  });

  it.each([
    ['Europe/Berlin', '2024-03-31T02:30:00', '2024-03-31T01:30:00.000Z'],
    ['America/New_York', '2024-03-10T02:00:00', '2024-03-10T07:00:00.000Z'],
    ['Australia/Lord_Howe', '2024-10-06T02:15:00', '2024-10-05T15:45:00.000Z'],
    ['America/Sao_Paulo', '2018-11-04T00:00:00', '2018-11-04T03:00:00.000Z'],
    ['Pacific/Apia', '2011-12-30T12:00:00', '2011-12-30T22:00:00.000Z'],
  ])('warns that the clocks of %s skipped %s', (zone, clock, utc) => {
    expect(read(zone, clock)).toEqual([utc, WARNINGS.clockChanged]);
  });

  it.each([
    ['Europe/Berlin', '2024-10-27T02:30:00', '2024-10-27T00:30:00.000Z'],
    ['Europe/Berlin', '2024-10-27T02:00:00', '2024-10-27T00:00:00.000Z'],
    ['America/New_York', '2024-11-03T01:59:59', '2024-11-03T05:59:59.000Z'],
    ['Australia/Lord_Howe', '2024-04-07T01:45:00', '2024-04-06T14:45:00.000Z'],
  ])('warns that the clocks of %s showed %s twice, and takes the first', (zone, clock, utc) => {
    expect(read(zone, clock)).toEqual([utc, WARNINGS.clockChanged]);
  });

  it.each([
    ...['', 'local', 'system', 'default', 'Mars/Base', '+19:00', '+02:60', '+2:5', 'UTC+', '12', '02:00'],
    ...['BST', 'IST', 'pst', 'CST'],
  ])('knows no zone %j', (name) => {
    expect(parseTimeZone(name)).toBeNull();
  });

  it.each(['CET', 'EST5EDT', 'Japan'])('knows %s, which is a zone of IANA', (name) => {
    expect(parseTimeZone(name)?.name).toBe(name);
  });

  it('gives back every moment that a clock of a zone shows, or its twin with a warning', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    ];
    const moments = fc.date({
      min: new Date('1980-01-01'),
      max: new Date('2060-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fc.constantFrom(...zones), moments, (name, date) => {
        const epochMs = date.getTime();
        const local = DateTime.fromMillis(epochMs, { zone: name });
        const found = parseTimeZone(name)?.toMoment(epochMs + local.offset * 60_000);
        if (found?.guess === undefined) expect(found?.epochMs).toBe(epochMs);
        else expect(local.getPossibleOffsets().map((twin) => twin.toMillis())).toContain(found.epochMs);
      }),
      { numRuns: 300 },
    );
  });
});
