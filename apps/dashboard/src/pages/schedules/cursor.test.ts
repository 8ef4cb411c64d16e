import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { Cursor } from './cursor.tsx';

const show = (value: string | null) => renderToStaticMarkup(createElement(Cursor, { value }));

it('tells a cursor that is a time as one', () => {
  expect(show('2026-06-01T00:00:04.000Z')).toContain('>2026-06-01 00:00:04Z</time>');
  expect(show(null)).toBe('nothing yet');
});

it.each([
  '2026-06-01T00:00:04.000Z, page 3',
  '2026-06-01T00:00:04.000Z, on to 2026-06-01T00:00:09.000Z',
  '2026-99-01T00:00:04Z',
  'the beginning, page 2',
  '4711',
])('shows a cursor that is no time as it is written: %s', (value) => {
  expect(show(value)).toBe(`<code>${value}</code>`);
});
