/** The parts of a date that tokens of Luxon name, the usual token first, and what one of must stand beside each. */
const PARTS = {
  year: { tokens: ['yyyy', 'y', 'yy', 'yyyyy', 'yyyyyy'], needs: [] },
  month: { tokens: ['MM', 'M', 'MMM', 'MMMM', 'L', 'LL', 'LLL', 'LLLL'], needs: ['year'] },
  day: { tokens: ['dd', 'd'], needs: ['month'] },
  'day of the year': { tokens: ['ooo', 'o'], needs: ['year'] },
  'year of the week': { tokens: ['kkkk', 'kk'], needs: [] },
  week: { tokens: ['WW', 'W'], needs: ['year of the week'] },
  weekday: { tokens: ['c', 'E', 'EEE', 'EEEE', 'ccc', 'cccc'], needs: ['day', 'week', 'day of the year'] },
  hour: { tokens: ['HH', 'H', 'h', 'hh'], needs: ['day', 'weekday', 'day of the year'] },
  'half of the day': { tokens: ['a'], needs: ['hour'] },
  minute: { tokens: ['mm', 'm'], needs: ['hour'] },
  second: { tokens: ['ss', 's'], needs: ['minute'] },
  fraction: { tokens: ['SSS', 'S', 'u', 'uu', 'uuu'], needs: ['second'] },
  offset: { tokens: ['ZZ', 'Z', 'ZZZ'], needs: ['hour'] },
} as const;
type Part = keyof typeof PARTS;

const PART_BY_TOKEN: ReadonlyMap<string, Part> = new Map(
  (Object.keys(PARTS) as Part[]).flatMap((part) => PARTS[part].tokens.map((token) => [token, part] as const)),
);

/** What is meant by letters that people write in other languages' formats. */
const MEANT: Readonly<Record<string, string>> = {
  Y: 'the year is yyyy',
  D: 'the day of the month is dd',
  A: 'am and pm are a',
  S: 'digits of a second are SSS, or u for any number of them',
  X: 'epoch counts are read by seconds and millis',
  x: 'epoch counts are read by seconds and millis',
  z: 'the name of a zone cannot be read, offsets can (ZZ)',
  Z: 'the name of a zone cannot be read, offsets can (ZZ)',
};

/**
 * Lists the tokens of a date format (https://moment.github.io/luxon/#/parsing), or says what is wrong with it. Luxon
 * itself takes a letter that is no token for itself, and `T` or `DD` for whole formats, so that `YYYY-MM-DD` would
 * be accepted and then read nothing.
 */
export function listTokens(format: string): readonly string[] | { readonly problem: string } {
  const outside = format.replace(/'[^']*'/g, ' ');
  if (outside.includes("'")) return { problem: 'a quote is not closed' };
  const tokens: readonly string[] = outside.match(/([A-Za-z])\1*/g) ?? [];
  const named = new Set<Part>();
  for (const token of tokens) {
    const part = PART_BY_TOKEN.get(token);
    if (part === undefined) return { problem: `\`${token}\` is no token: ${toHint(token)}` };
    // Also because many adjoining numbers of one or two digits take exponential time to match.
    if (named.has(part)) return { problem: `the ${part} stands there twice` };
    named.add(part);
  }
  if (!named.has('year') && !named.has('year of the week')) {
    return { problem: 'expected a year among the tokens' };
  }
  for (const token of tokens) {
    const problem = findLack(token, named);
    if (problem !== null) return { problem };
  }
  return tokens;
}

function toHint(token: string): string {
  return MEANT[token.charAt(0)] ?? `a text that stands for itself needs quotes, like '${token}'`;
}

function findLack(token: string, named: ReadonlySet<Part>): string | null {
  const part = PART_BY_TOKEN.get(token);
  const needs: readonly Part[] = part === undefined ? [] : PARTS[part].needs;
  const [first] = needs;
  if (first === undefined || needs.some((other) => named.has(other))) return null;
  const hint = part === 'minute' ? '; the month is MM' : '';
  return `\`${token}\` is the ${part} and needs the ${first} (${PARTS[first].tokens[0]})${hint}`;
}
