import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { describeScheme } from '../../test/describe-scheme.ts';
import { createShopify } from './shopify.ts';

/** As the example of Shopify's documentation computes it; the other headers are those of its example delivery. */
function signAsShopify(body: string, secret: string) {
  return {
    'x-shopify-topic': 'orders/create',
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body, 'utf8').digest('base64'),
    'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
  };
}

describeScheme({
  name: 'shopify',
  options: { type: 'shopify' },
  proves: 'body',
  sign: signAsShopify,
  header: 'x-shopify-hmac-sha256',
});

const body = '{"id":820982911946154508}';
const verify = (headers: Record<string, string>) =>
  createShopify().verify({ headers, body: Buffer.from(body), secrets: ['hush'], nowMs: 0 });

test("gives Shopify's webhook id as key and its topic as type", () => {
  expect(verify(signAsShopify(body, 'hush'))).toEqual({
    ok: true,
    key: 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
    type: 'shopify.orders/create',
  });
});

test('refuses the digest in hex', () => {
  const headers = { 'x-shopify-hmac-sha256': createHmac('sha256', 'hush').update(body).digest('hex') };
  expect(verify(headers)).toEqual({ ok: false, reason: 'signature-malformed' });
});

test.each([
  ['x-shopify-topic', 'orders create'],
  ['x-shopify-topic', ''],
  ['x-shopify-webhook-id', 'a/b'],
  ['x-shopify-webhook-id', 'é'],
])('refuses an odd %s, once the signature is good', (header, value) => {
  const good = { ...signAsShopify(body, 'hush'), [header]: value };
  expect(verify(good)).toEqual({ ok: false, reason: 'header-malformed' });
  const forged = { ...signAsShopify(body, 'other'), [header]: value };
  expect(verify(forged)).toEqual({ ok: false, reason: 'signature-mismatch' });
});
