import type { JsonValue } from '@sluice/contracts/json';
import { expect, it } from 'vitest';
import { hasOtherNumbers, toLeaves, toLines, toTextLines } from './text-lines.ts';

it('writes JSON line by line, with the pointer of each value', () => {
  const value = { dev: 'D-1', vitals: { hr: [72, null] }, none: {}, 'a/b~c': 1 };
  const lines = toLines(value);
  expect(lines.map(({ depth, text }) => `${'  '.repeat(depth)}${text}`).join('\n')).toBe(
    JSON.stringify(value, null, 2),
  );
  expect(lines.find(({ text }) => text === '72,')?.pointer).toBe('/vitals/hr/0');
  expect(lines.at(-2)?.pointer).toBe('/a~1b~0c');
});

it('lists what holds nothing else', () => {
  expect(toLeaves({ a: { b: 1, c: [] }, d: 'x{' })).toEqual(['/a/b', '/a/c', '/d']);
});

it('cuts a very long value and says how long it is', () => {
  const [line] = toLines('x'.repeat(5000));
  expect(line?.text.length).toBeLessThan(2100);
  expect(line?.text).toContain('5\u202f002 characters');
});

it('does not follow what is nested too deep', () => {
  let deep: JsonValue = 1;
  for (let level = 0; level < 5000; level += 1) deep = [deep];
  const lines = toLines(deep);
  expect(lines.length).toBe(201);
  expect(lines[100]?.text).toContain('nested deeper than 100 levels');
});

it('cuts text into lines, long ones into several', () => {
  expect(toTextLines('a\r\nb').map(({ text }) => text)).toEqual(['a', 'b']);
  expect(toTextLines('x'.repeat(4500)).map(({ text }) => text.length)).toEqual([2000, 2000, 500]);
});

it.each([
  ['{"id":9007199254740993}', true],
  ['{"price":1.50}', true],
  ['{"price":1.5,"no":-12,"id":"9007199254740993"}', false],
  ['{"text":"a \\"9007199254740993\\" 1.50","n":0}', false],
])('knows whether the numbers of %s would be written as they came', (json, isOther) => {
  expect(hasOtherNumbers(json)).toBe(isOther);
});
