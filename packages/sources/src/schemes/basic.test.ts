import { expect, test } from 'vitest';
import { describeScheme } from '../../test/describe-scheme.ts';
import { createBasic } from './basic.ts';

const sign = (_body: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(secret).toString('base64')}`,
});

describeScheme({
  name: 'basic',
  options: { type: 'basic' },
  proves: 'sender',
  toSecret: (name) => `${name}:Zoë ${name}`,
  sign,
  header: 'authorization',
});

function verify(authorization: string, secrets = ['Aladdin:open sesame']) {
  return createBasic().verify({ headers: { authorization }, secrets, body: Buffer.alloc(0), nowMs: 0 });
}

test('agrees with the examples of RFC 7617', () => {
  expect(verify('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')).toEqual({ ok: true });
  expect(verify('Basic dGVzdDoxMjPCow==', ['test:123£'])).toEqual({ ok: true });
});

test('takes the name of the scheme in any case', () => {
  expect(verify('bASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ==')).toEqual({ ok: true });
});

test.each(['Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==', 'Basic Aladdin:open sesame', 'Basic', 'QWxhZGRpbg=='])(
  'calls what is no such header malformed: %s',
  (header) => {
    expect(verify(header)).toEqual({ ok: false, reason: 'signature-malformed' });
  },
);

test.each(['Aladdin:open sesam', 'Aladdin:open sesame ', 'Aladdin', 'aladdin:open sesame', ':'])(
  'refuses %s',
  (secret) => {
    expect(verify(sign('', secret).authorization)).toEqual({ ok: false, reason: 'signature-mismatch' });
  },
);
