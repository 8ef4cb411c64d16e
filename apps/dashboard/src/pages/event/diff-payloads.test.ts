import { expect, it } from 'vitest';
import { diffPayloads } from './diff-payloads.ts';

it('lists what differs, by its place, and what one side lacks', () => {
  const left = { metric: 't', at: { sent: 'a: "x", ' }, list: [1, 2], gone: true };
  const right = { metric: 't', at: { sent: 'b' }, list: [1, 3], new: null };
  expect(diffPayloads(left, right)).toEqual([
    { pointer: '/at/sent', left: '"a: \\"x\\", "', right: '"b"' },
    { pointer: '/list/1', left: '2', right: '3' },
    { pointer: '/gone', left: 'true', right: undefined },
    { pointer: '/new', left: undefined, right: 'null' },
  ]);
  expect(diffPayloads(left, left)).toEqual([]);
  expect(diffPayloads('a', 1)).toEqual([{ pointer: '', left: '"a"', right: '1' }]);
});
