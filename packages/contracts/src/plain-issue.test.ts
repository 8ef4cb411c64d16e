import { expect, test } from 'vitest';
import { z } from 'zod';
import { toPlainIssue } from './plain-issue.ts';

// Through zod itself, so that another version with other words is noticed.
const CASES: readonly (readonly [z.ZodType, unknown, string])[] = [
  [z.string().regex(/^evt_/), 'x', 'not of the form that is expected'],
  [z.enum(['pending', 'dead', 'failed']), 'ded', 'expected pending, dead or failed'],
  [z.string(), undefined, 'missing; expected a text'],
  [z.string(), 7, 'expected a text'],
  [z.object({}), [], 'expected an object'],
  [z.literal('x'), 'y', 'expected x'],
  [z.union([z.string(), z.number()]), true, 'not of the form that is expected'],
  [z.url({ protocol: /^https?$/ }), 'x', 'expected an address that begins with http:// or https://'],
  [z.iso.datetime(), 'yesterday', 'expected a time like 2026-01-31T12:00:00Z'],
  [z.string().max(3), 'long', 'expected at most 3 characters'],
  [z.string().min(1), '', 'expected at least 1 character'],
  [z.number().int(), 1.5, 'expected a whole number'],
  [z.number().max(500), 501, 'expected at most 500'],
  [z.number().min(1), 0, 'expected at least 1'],
  [z.number().positive(), 0, 'expected more than 0'],
  [z.string().refine(() => false, 'holds {body} twice'), 'x', 'holds {body} twice'],
];

test.each(CASES)('puts an issue into plain words %#', (schema, value, words) => {
  const { error } = schema.safeParse(value);
  expect(error?.issues.map(({ message }) => toPlainIssue(message))).toEqual([words]);
});
