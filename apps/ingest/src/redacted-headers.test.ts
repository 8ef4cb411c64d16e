import { expect, it } from 'vitest';
import { toRedactedHeaders } from './redacted-headers.ts';

const NAMED = { credentialHeaders: new Set(['x-shop-pin']), signatureHeaders: new Set(['x-sealed']) };
const SENT = {
  ...{ 'content-type': 'application/json', 'user-agent': 'shop/1', 'x-github-delivery': 'd-1' },
  ...{
    'x-shop-pin': 'hunter2',
    'x-sealed': 'abc',
    authorization: 'Bearer s3cret',
    'x-hub-signature': 'sha1=1',
  },
  ...{ 'x-pin': 'hunter3', 'x-colour': 'blue' },
};

it('hides what some source declares, and what looks like a credential or a signature', () => {
  expect(toRedactedHeaders(SENT, { ...NAMED, isOfUnknownSource: false })).toEqual({
    ...SENT,
    ...{ 'x-shop-pin': '***', 'x-sealed': '***', authorization: '***', 'x-hub-signature': '***' },
  });
});

it('shows of a request for an unknown source only what is known to be harmless', () => {
  const hidden = Object.keys(SENT).slice(3);
  expect(toRedactedHeaders(SENT, { ...NAMED, isOfUnknownSource: true })).toEqual({
    ...SENT,
    ...Object.fromEntries(hidden.map((name) => [name, '***'])),
  });
});

it('keeps 1024 characters of a header', () => {
  const kept = toRedactedHeaders({ via: 'v'.repeat(2000) }, { ...NAMED, isOfUnknownSource: false });
  expect(kept['via']).toHaveLength(1024);
});
