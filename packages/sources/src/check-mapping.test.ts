import { mappingSchema } from '@sluice/contracts/mapping';
import { findRoundedNumbers } from '@sluice/normalizer/rounded-number';
import { expect, test } from 'vitest';
import { checkMapping } from './check-mapping.ts';

/** What is said of a mapping with one field, written as JSON. */
function explain(field: string): string[] {
  const text = `{"type":"t","fields":{"a":${field}}}`;
  const problems = checkMapping(mappingSchema.parse(JSON.parse(text)), findRoundedNumbers(text));
  return problems.map(({ path, detail }) => `${path.join('.')}: ${detail}`);
}

const DIGITS = 'the number has more digits than can be kept';
const QUOTES = 'put it in quotes to keep it as a text';

test.each([
  ['{"from":"x","default":9007199254740993}', [`fields.a.default: ${DIGITS}; ${QUOTES}`]],
  ['{"from":"x","as":"string","default":12345678901234567890}', [`fields.a.default: ${DIGITS}; ${QUOTES}`]],
  ['{"from":"x","as":"number","default":-12345678901234567890}', [`fields.a.default: ${DIGITS}`]],
  ['{"from":"x","as":"number","default":0.12345678901234567891}', [`fields.a.default: ${DIGITS}`]],
  [
    '{"from":"x","as":"integer","default":9007199254740993}',
    ['fields.a.default: expected a whole number that can be kept exactly, as the field is in a payload'],
  ],
  [
    '{"from":"x","blank":["n/a",-1,-12345678901234567890],"default":9007199254740993}',
    [`fields.a.default: ${DIGITS}; ${QUOTES}`, `fields.a.blank.2: ${DIGITS}`],
  ],
])('refuses numbers that would be others than were written: %s', (field, problems) => {
  expect(explain(field)).toEqual(problems);
});

test.each([
  '{"from":"x","as":"number","default":9007199254740992}',
  '{"from":"x","as":"number","default":1e20,"blank":[-1e30,-999.25,9007199254740991]}',
  '{"from":"x","as":"string","default":"12345678901234567890","blank":["12345678901234567890"]}',
])('takes numbers that are kept, and texts: %s', (field) => {
  expect(explain(field)).toEqual([]);
});

test('looks at the fields of schema versions, too', () => {
  const text =
    '{"type":"t","fields":{"a":{"from":"x"}},"versions":{"2":{"fields":{"a":{"from":"y","blank":[9007199254740993]}}}}}';
  expect(checkMapping(mappingSchema.parse(JSON.parse(text)), findRoundedNumbers(text))).toEqual([
    { path: ['versions', '2', 'fields', 'a', 'blank', 0], detail: DIGITS },
  ]);
});
