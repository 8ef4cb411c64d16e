import { expect, it } from 'vitest';
import { toEventSearch } from './search.ts';

it('keeps a filter that the router reads as a number, and leaves out what it does not know', () => {
  expect(toEventSearch({ source: 42, status: 'dead', code: '', more: 'x' })).toEqual({
    source: '42',
    status: 'dead',
  });
  expect(toEventSearch({ status: 'lost' })).toEqual({});
});
