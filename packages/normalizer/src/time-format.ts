import { DateTime } from 'luxon';
import { splitFraction } from './calendar.ts';
import { type EpochUnit, readEpoch } from './epoch.ts';
import { listTokens } from './time-tokens.ts';
import { type Guess, WARNINGS } from './warnings.ts';
import { centuryGuess, readIso, type WrittenTime } from './written-time.ts';

/** A date format that a mapping declares. */
export type TimeFormat = {
  /** Reads a text that is written exactly so; null for any other. */
  read(text: string): WrittenTime | null;
};

/** Formats that have a name instead of tokens. */
const NAMED: ReadonlyMap<string, TimeFormat> = new Map([
  ['iso', { read: readIso }],
  ['seconds', toEpochFormat('seconds')],
  ['millis', toEpochFormat('milliseconds')],
]);

const ENGLISH = { locale: 'en-US' };

/** A moment whose every part is told from the defaults of a format that leaves it out. */
const PROBE = {
  ...{ year: 2001, month: 11, day: 23, hour: 17, minute: 46, second: 39, millisecond: 158 },
};
const PROBE_ZONE = 'Asia/Kathmandu';

/** Digits of a second that are milliseconds, whether they are counted or a fraction. */
const MS_DIGITS = 3;

/**
 * Parses a declared date format: tokens of Luxon, in English, or `iso`, `seconds`, `millis`. A format must name a
 * year and leave out nothing between two of its parts, must not leave open which half of the day an hour is in, and
 * cannot hold the name of a zone (`z`). Returns what is wrong with one that cannot be used.
 */
export function parseTimeFormat(format: string): TimeFormat | { readonly problem: string } {
  const named = NAMED.get(format);
  if (named !== undefined) return named;
  try {
    return parseTokens(format);
  } catch {
    return { problem: 'these tokens contradict one another' };
  }
}

function parseTokens(format: string): TimeFormat | { readonly problem: string } {
  const tokens = listTokens(format);
  if ('problem' in tokens) return tokens;
  const probe = DateTime.fromObject(PROBE, { zone: PROBE_ZONE, ...ENGLISH });
  const parser = DateTime.buildFormatParser(format, ENGLISH);
  const back = DateTime.fromFormatParser(probe.toFormat(format), parser, {
    ...{ zone: 'utc', setZone: true },
    ...ENGLISH,
  });
  if (!back.isValid) return { problem: 'a date cannot be read back from these tokens' };
  if (back.hour !== PROBE.hour && back.hour !== 0) {
    return { problem: 'the hour needs `a` (am or pm) beside `h`, or must be `H`' };
  }
  const says = back.offset !== 0 ? 'moment' : back.hour === 0 ? 'day' : 'clock';
  const guesses = tokens.includes('yy') || tokens.includes('kk') ? [centuryGuess()] : [];
  const isCount = tokens.includes('S');
  const readFraction = isCount || tokens.includes('u') ? createFractionReader(format, probe) : null;
  const utc = { zone: 'utc', ...ENGLISH };
  return {
    read(text) {
      const time = DateTime.fromFormatParser(text, parser, utc);
      if (!time.isValid) return null;
      const fraction = readFraction?.(text) ?? '';
      const { beyondMs } = splitFraction(fraction);
      const instant = { epochMs: time.toMillis(), beyondMs };
      const isShort = isCount && fraction.length < MS_DIGITS;
      return { instant, format, says, guesses: isShort ? [...guesses, countGuess()] : guesses };
    },
  };
}

/** Warns of the token `S`, which takes `.5` for 5 ms: it may stand for half a second, as it does by `u`. */
function countGuess(): Guess {
  return {
    code: WARNINGS.timeGuessed,
    detail: 'fewer than three digits were read as a count of milliseconds',
  };
}

/**
 * Creates what finds the digits of a second in a text that a format reads: Luxon keeps three of them. They are the group
 * of Luxon's own pattern in which the probe's stand, since other digits may stand behind a dot too.
 */
function createFractionReader(format: string, probe: DateTime): (text: string) => string | undefined {
  const { regex, rawMatches } = DateTime.fromFormatExplain(probe.toFormat(format), format, ENGLISH);
  const group = rawMatches?.indexOf(String(PROBE.millisecond)) ?? -1;
  return (text) => regex?.exec(text)?.[group];
}

function toEpochFormat(unit: EpochUnit): TimeFormat {
  return {
    read(text) {
      const epoch = readEpoch(text, unit);
      return epoch && { instant: epoch.instant, format: `epoch ${unit}`, says: 'moment', guesses: [] };
    },
  };
}
