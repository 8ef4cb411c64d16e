import { createHmac } from 'node:crypto';
import { pushSourceSchema, type SchemeOptions } from '@sluice/contracts/source';
import { describe, expect, test } from 'vitest';
import { describeScheme } from '../../test/describe-scheme.ts';
import { createScheme } from './registry.ts';

/** Reads options as a declaration of a source gives them. */
function toOptions(scheme: object): SchemeOptions {
  return pushSourceSchema.parse({
    kind: 'push',
    id: 'shop',
    scheme: { type: 'hmac', header: 'X-Sig', ...scheme },
  }).scheme;
}

const mac = (hash: string, secret: string, ...content: (string | Buffer)[]) =>
  content.reduce(
    (hmac: ReturnType<typeof createHmac>, piece) => hmac.update(piece),
    createHmac(hash, secret),
  );

describeScheme({
  name: 'hmac',
  options: toOptions({}),
  proves: 'body',
  sign: (body, secret) => ({ 'x-sig': mac('sha256', secret, body).digest('hex') }),
  header: 'x-sig',
});

describeScheme({
  name: 'hmac with everything',
  options: toOptions({
    hash: 'sha512',
    encoding: 'base64url',
    prefix: 'mac ',
    content: '{header:X-Id}|{timestamp}|{body}|end',
    timestampHeader: 'X-At',
    toleranceSeconds: 10,
    keyHeader: 'X-Id',
    typeHeader: 'X-Type',
  }),
  proves: 'body',
  sign: (body, secret, atMs) => ({
    'x-sig': `mac ${mac('sha512', secret, `id-1|${atMs}|${body}|end`).digest('base64url')}`,
    'x-at': String(atMs),
    'x-id': 'id-1',
    'x-type': 'order.paid',
  }),
  header: 'x-sig',
  toleranceSeconds: 10,
});

const secrets = ['s3cret'];
const body = Buffer.from('{"a":1}');

test('takes for absent what an object of headers only inherits', () => {
  const request = { headers: {}, body: Buffer.from('{}'), secrets: ['s3cret'], nowMs: 0 };
  const missing = { ok: false, reason: 'signature-missing' };
  expect(createScheme(toOptions({ header: 'constructor' })).verify(request)).toEqual(missing);
  const signed = { 'x-sig': mac('sha256', 's3cret', '{}').digest('hex') };
  for (const names of [{ content: '{header:constructor}.{body}' }, { keyHeader: 'constructor' }]) {
    const { verify } = createScheme(toOptions(names));
    expect(() => verify({ ...request, headers: signed })).not.toThrow();
  }
});

describe('the options of hmac', () => {
  test.each(['sha1', 'sha256', 'sha512'])('name the hash: %s', (hash) => {
    const { verify } = createScheme(toOptions({ hash }));
    const headers = { 'x-sig': mac(hash, 's3cret', body).digest('hex') };
    expect(verify({ headers, body, secrets, nowMs: 0 })).toEqual({ ok: true });
  });

  test.each([
    ['hex', (bytes: Buffer) => bytes.toString('hex')],
    ['hex', (bytes: Buffer) => bytes.toString('hex').toUpperCase()],
    ['base64', (bytes: Buffer) => bytes.toString('base64')],
    ['base64', (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')],
    ['base64url', (bytes: Buffer) => bytes.toString('base64url')],
    ['base64url', (bytes: Buffer) => `${bytes.toString('base64url')}=`],
  ])('name the encoding: %s', (encoding, encode) => {
    const { verify } = createScheme(toOptions({ encoding }));
    const digest = mac('sha256', 's3cret', body).digest();
    const check = (signature: string) => verify({ headers: { 'x-sig': signature }, body, secrets, nowMs: 0 });
    expect(check(encode(digest))).toEqual({ ok: true });
    for (const wrong of [
      `${encode(digest)}!`,
      encode(digest.subarray(1)),
      `${encode(digest).slice(0, -1)}\n`,
    ]) {
      expect(check(wrong)).toEqual({ ok: false, reason: 'signature-malformed' });
    }
  });

  test('name headers for the key and the type, which the source is believed to mean', () => {
    const { verify } = createScheme(toOptions({ keyHeader: 'X-Id', typeHeader: 'X-Type' }));
    const headers = {
      'x-sig': mac('sha256', 's3cret', body).digest('hex'),
      'x-id': '7',
      'x-type': 'order.paid',
    };
    expect(verify({ headers, body, secrets, nowMs: 0 })).toEqual({ ok: true, key: '7', type: 'order.paid' });
    for (const odd of ['', 'a b', 'é', 'x'.repeat(257)]) {
      const found = verify({ headers: { ...headers, 'x-id': odd }, body, secrets, nowMs: 0 });
      expect(found).toEqual({ ok: false, reason: 'header-malformed' });
    }
  });

  test('sign a header by the bytes that came', () => {
    const { verify } = createScheme(toOptions({ content: '{header:x-shop}.{body}' }));
    const shop = Buffer.from('Zoë');
    const headers = {
      'x-sig': mac('sha256', 's3cret', shop, '.', body).digest('hex'),
      'x-shop': shop.toString('latin1'),
    };
    expect(verify({ headers, body, secrets, nowMs: 0 })).toEqual({ ok: true });
    const { 'x-shop': _missing, ...without } = headers;
    expect(verify({ headers: without, body, secrets, nowMs: 0 })).toEqual({
      ok: false,
      reason: 'signature-missing',
    });
  });

  test('count what looks like a placeholder and is none as text', () => {
    const { verify } = createScheme(toOptions({ content: '{id}{header:}{body}' }));
    const headers = { 'x-sig': mac('sha256', 's3cret', '{id}{header:}', body).digest('hex') };
    expect(verify({ headers, body, secrets, nowMs: 0 })).toEqual({ ok: true });
  });

  test.each([
    ['1780315200', true],
    ['1780315200000', true],
    ['1780315199', true],
    ['1780314000', false],
  ])('take a signed time in seconds and in milliseconds: %s', (timestamp, ok) => {
    const { verify } = createScheme(toOptions({ content: '{timestamp}{body}', timestampHeader: 'x-at' }));
    const headers = { 'x-sig': mac('sha256', 's3cret', timestamp, body).digest('hex'), 'x-at': timestamp };
    expect(verify({ headers, body, secrets, nowMs: 1_780_315_200_000 }).ok).toBe(ok);
  });

  test.each([
    [{ timestampHeader: 'x-at' }, 'content'],
    [{ content: '{timestamp}.{body}' }, 'timestampHeader'],
    [{ content: '{body}{body}' }, 'content'],
    [{ content: 'nothing' }, 'content'],
  ])('are refused where they would not do what they seem to: %o', (scheme, path) => {
    const source = { kind: 'push', id: 'shop', scheme: { type: 'hmac', header: 'x-sig', ...scheme } };
    const { error } = pushSourceSchema.safeParse(source);
    expect(JSON.stringify(error?.issues)).toContain(path);
  });
});
