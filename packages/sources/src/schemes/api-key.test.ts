import { expect, test } from 'vitest';
import { describeScheme } from '../../test/describe-scheme.ts';
import { createApiKey } from './api-key.ts';

describeScheme({
  name: 'api-key',
  options: { type: 'api-key', header: 'x-token' },
  proves: 'sender',
  sign: (_body, secret) => ({ 'x-token': secret }),
});

test('compares the bytes that came, so that a key beyond ASCII works too', () => {
  const asNodeReadsIt = Buffer.from('schlüssel').toString('latin1');
  const request = { secrets: ['schlüssel'], body: Buffer.alloc(0), nowMs: 0 };
  const { verify } = createApiKey({ header: 'x-api-key' });
  expect(verify({ ...request, headers: { 'x-api-key': asNodeReadsIt } })).toEqual({ ok: true });
  expect(verify({ ...request, headers: { 'x-token': asNodeReadsIt } })).toMatchObject({ ok: false });
});

test('looks at no key of more than 8 KiB, not even the right one', () => {
  const { verify } = createApiKey({ header: 'x-api-key' });
  for (const [length, found] of [
    [8192, { ok: true }],
    [8193, { ok: false, reason: 'signature-malformed' }],
  ] as const) {
    const key = 'k'.repeat(length);
    const request = { headers: { 'x-api-key': key }, secrets: [key], body: Buffer.alloc(0), nowMs: 0 };
    expect(verify(request)).toEqual(found);
  }
});
