import { expect, it } from 'vitest';
import { readTarget } from './read-target.ts';

const EVENT = `evt_${'9f2c41aa'.repeat(4)}`;
const OPERATION = `op_${'9f2c41'.repeat(4)}`;

it.each([
  [EVENT, { kind: 'event', id: EVENT }],
  [`  ${EVENT}\n`, { kind: 'event', id: EVENT }],
  [`https://sluice.example/events/${EVENT}?field=amount`, { kind: 'event', id: EVENT }],
  [`{"msg":"event.stored","id":"${EVENT}"}`, { kind: 'event', id: EVENT }],
  [OPERATION, { kind: 'operation', id: OPERATION }],
  ['http://x/dead-letters/abc123', { kind: 'cause', id: 'abc123' }],
  [' D-1042 ', { kind: 'name', name: 'D-1042' }],
  ['icu-west', { kind: 'name', name: 'icu-west' }],
] as const)('reads %j', (text, target) => {
  expect(readTarget(text)).toEqual(target);
});

it.each([[''], ['a'], [`${EVENT.slice(0, -1)}\nsecond line`], ['x'.repeat(513)]])(
  'reads nothing in %j',
  (text) => {
    expect(readTarget(text)).toBeNull();
  },
);
