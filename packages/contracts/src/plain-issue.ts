/**
 * Puts what zod says of a wrong value into words for the person who sent it: patterns, operators and type names are for
 * programs. What is no sentence of zod's own stays as it is.
 */
export function toPlainIssue(message: string): string {
  for (const [pattern, say] of WORDS) {
    const match = pattern.exec(message);
    if (match !== null) return say(match[1] ?? '', match[2] ?? '');
  }
  return message;
}

const WORDS: readonly (readonly [RegExp, (first: string, second: string) => string])[] = [
  [/^Invalid string: must match pattern /, () => 'not of the form that is expected'],
  [/^Invalid option: expected one of (.+)$/s, (options) => `expected ${toList(options)}`],
  [/^Invalid input: expected (\w+), received undefined$/, (type) => `missing; expected ${toKind(type)}`],
  [/^Invalid input: expected (\w+), received \w+$/, (type) => `expected ${toKind(type)}`],
  [/^Invalid input: expected (.+)$/, (value) => `expected ${value.replaceAll('"', '')}`],
  [/^Invalid input$/, () => 'not of the form that is expected'],
  [/^Invalid URL$/, () => 'expected an address that begins with http:// or https://'],
  [/^Invalid ISO datetime$/, () => 'expected a time like 2026-01-31T12:00:00Z'],
  [/^Too big: expected \w+ to have <=(\d+) (\w+)$/, (most, unit) => `expected at most ${most} ${unit}`],
  [
    /^Too small: expected \w+ to have >=(\d+) (\w+)$/,
    (least, unit) => `expected at least ${least} ${toOne(least, unit)}`,
  ],
  [/^Too big: expected \w+ to be <=(.+)$/, (most) => `expected at most ${most}`],
  [/^Too small: expected \w+ to be >=(.+)$/, (least) => `expected at least ${least}`],
  [/^Too small: expected \w+ to be >(.+)$/, (least) => `expected more than ${least}`],
];

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

function toKind(type: string): string {
  return KINDS[type] ?? type;
}

/** Turns `"a"|"b"|"c"` into `a, b or c`. */
function toList(options: string): string {
  const values = options.split('|').map((option) => option.replace(/^"(.*)"$/, '$1'));
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

function toOne(count: string, unit: string): string {
  return count === '1' ? unit.replace(/s$/, '') : unit;
}
