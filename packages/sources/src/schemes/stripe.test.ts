import { Stripe } from 'stripe';
import { expect, test } from 'vitest';
import { describeScheme } from '../../test/describe-scheme.ts';
import { createStripe } from './stripe.ts';

const { webhooks } = new Stripe('sk_test_1');
const NOW_MS = 1_780_315_200_000;

function signAsStripe(payload: string, secret: string, atMs: number) {
  const header = webhooks.generateTestHeaderString({ payload, secret, timestamp: atMs / 1000 });
  return { 'stripe-signature': header };
}

describeScheme({
  name: 'stripe',
  options: { type: 'stripe', toleranceSeconds: 300 },
  proves: 'body',
  toSecret: (name) => `whsec_${name}`,
  sign: signAsStripe,
  header: 'stripe-signature',
  join: ([first = '', ...rest]) => [first, ...rest.map((header) => header.replace(/^t=\d+,/, ''))].join(','),
  toleranceSeconds: 300,
});

const event = JSON.stringify({
  id: 'evt_1NG8Du2eZvKYlo2CUI79vXWy',
  object: 'event',
  type: 'charge.succeeded',
});

function verify(header: string, body = event, nowMs = NOW_MS) {
  const request = { headers: { 'stripe-signature': header }, body: Buffer.from(body), secrets: ['whsec_1'] };
  return createStripe({ toleranceSeconds: 300 }).verify({ ...request, nowMs });
}

const sign = (body = event) => signAsStripe(body, 'whsec_1', NOW_MS)['stripe-signature'];

test('gives the id of the event as key', () => {
  expect(verify(sign())).toEqual({ ok: true, key: 'evt_1NG8Du2eZvKYlo2CUI79vXWy' });
});

test.each(['[]', 'no JSON', '{"id":7}', '{"id":""}', `{"id":"${'x'.repeat(257)}"}`, '{"id":"a b"}', 'null'])(
  'takes a body without a usable id, which then has no key: %s',
  (body) => {
    expect(verify(sign(body), body)).toEqual({ ok: true });
  },
);

test('agrees with the library on good, forged and old signatures', () => {
  const forged = signAsStripe(event, 'whsec_2', NOW_MS)['stripe-signature'];
  const old = signAsStripe(event, 'whsec_1', NOW_MS - 301_000)['stripe-signature'];
  for (const header of [sign(), forged, old, `${sign()},v0=${'0'.repeat(64)}`]) {
    let ok = true;
    try {
      webhooks.constructEvent(event, header, 'whsec_1', 300, undefined, NOW_MS);
    } catch {
      ok = false;
    }
    expect(verify(header).ok).toBe(ok);
  }
});

test.each([
  ['signature-malformed', ''],
  ['signature-malformed', 't=1780315200'],
  ['signature-malformed', `t=1780315200,v0=${'0'.repeat(64)}`],
  ['signature-malformed', 't=1780315200,v1=00'],
  ['timestamp-missing', `v1=${'0'.repeat(64)}`],
  ['timestamp-malformed', `t=,v1=${'0'.repeat(64)}`],
  ['timestamp-malformed', `t=-1,v1=${'0'.repeat(64)}`],
  ['timestamp-malformed', `t=1,t=1780315200,v1=${'0'.repeat(64)}`],
])('says %s of %s', (reason, header) => {
  expect(verify(header === '' ? 'x' : header)).toEqual({ ok: false, reason });
});
