import { createHash } from 'node:crypto';
import { EVENT_ID_PATTERN } from '@sluice/contracts/event';
import { expect, it } from 'vitest';
import { toConflictEventId, toEventId } from './identity.ts';

it('names an event by tenant, source and key', () => {
  const digest = createHash('sha256').update('default\0shop\0k1').digest('hex');
  expect(toEventId('default', 'shop', 'k1')).toBe(`evt_${digest.slice(0, 32)}`);
  expect(toEventId('default', 'shop', 'k1')).toMatch(EVENT_ID_PATTERN);
});

it('names a conflict by its content too', () => {
  const ids = [
    toEventId('default', 'shop', 'k1'),
    toConflictEventId('default', 'shop', 'k1', 'c1'),
    toConflictEventId('default', 'shop', 'k1', 'c2'),
  ];
  expect(new Set(ids).size).toBe(3);
  expect(ids[1]).toMatch(EVENT_ID_PATTERN);
});

it('does not confuse where source and key meet', () => {
  expect(toEventId('t', 'ab', 'c')).not.toBe(toEventId('t', 'a', 'bc'));
});
