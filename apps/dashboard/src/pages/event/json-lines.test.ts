import { expect, it } from 'vitest';
import { toLines } from './json-lines.tsx';

it('writes JSON line by line, with the path of each value', () => {
  const lines = toLines({ dev: 'D-1', vitals: { hr: [72, null] }, none: {} });
  expect(lines.map(({ depth, text }) => `${'  '.repeat(depth)}${text}`).join('\n')).toBe(
    JSON.stringify({ dev: 'D-1', vitals: { hr: [72, null] }, none: {} }, null, 2),
  );
  expect(lines.find(({ text }) => text === '72,')?.path).toBe('vitals.hr.0');
});

it('cuts a very long value and says how long it is', () => {
  const [line] = toLines('x'.repeat(5000));
  expect(line?.text.length).toBeLessThan(2100);
  expect(line?.text).toContain('5\u202f002 characters');
});
