import { expect, it } from 'vitest';
import { type Draft, EXAMPLE, writeSubmission, writeTrial } from './submission.ts';

const TEXT = '{\n  "order": 12345678901234567890, "amount": 1.10\n}';
const DRAFT: Draft = { ...EXAMPLE, source: 'shop', schemaVersion: '2', text: TEXT };

it('writes a payload as it was typed, so that its numbers keep all their digits', () => {
  const sent = writeSubmission({ ...DRAFT, type: 'metric', idempotencyKey: 'k', simulated: '3' });
  expect(sent).toContain(TEXT);
  expect(JSON.parse(sent)).toEqual({
    ...{ source: 'shop', type: 'metric', idempotencyKey: 'k', schemaVersion: 2, simulateFailure: 3 },
    payload: JSON.parse(TEXT),
  });
  const tried = writeTrial(DRAFT);
  expect(tried).toContain(TEXT);
  expect(JSON.parse(tried)).toEqual({ source: 'shop', schemaVersion: 2, payload: JSON.parse(TEXT) });
});

it('writes nothing of a payload that is no JSON, also where the body would be some', () => {
  expect(() => writeSubmission({ ...DRAFT, text: '1,"source":"other"' })).toThrow(SyntaxError);
});
