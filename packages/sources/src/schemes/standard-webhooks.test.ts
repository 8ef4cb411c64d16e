import { generateKeyPairSync, type KeyObject, sign as signAsymmetric } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, test } from 'vitest';
import { describeScheme } from '../../test/describe-scheme.ts';
import { createStandardWebhooks } from './standard-webhooks.ts';

const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
const NOW_MS = 1_780_315_200_000;

const toSecret = (name: string) => `whsec_${Buffer.from(name.repeat(24)).toString('base64')}`;

/** Makes the headers that both libraries send, under the names of either. */
function toHeaders(family: 'webhook' | 'svix', signature: string, atMs: number, id = ID) {
  return {
    [`${family}-id`]: id,
    [`${family}-timestamp`]: String(atMs / 1000),
    [`${family}-signature`]: signature,
  };
}

const signAsStandard = (body: string, secret: string, atMs: number) =>
  toHeaders('webhook', new Webhook(secret).sign(ID, new Date(atMs), body), atMs);

const shared = {
  options: { type: 'standard-webhooks', toleranceSeconds: 300 },
  proves: 'body',
  toSecret,
  join: (signatures: string[]) => signatures.join(' '),
  toleranceSeconds: 300,
} as const;

describeScheme({ ...shared, name: 'standard-webhooks', sign: signAsStandard, header: 'webhook-signature' });

describeScheme({
  ...shared,
  name: 'standard-webhooks as svix sends them',
  sign: (body, secret, atMs) =>
    toHeaders('svix', new SvixWebhook(secret).sign(ID, new Date(atMs), body), atMs),
  header: 'svix-signature',
});

/** No library signs v1a: keys and signatures are made as the specification says, one pair of keys a name. */
const privateKeys = new Map<string, KeyObject>();

function toPublicKey(name: string): string {
  const known = [...privateKeys.keys()].find((key) => key.endsWith(`#${name}`));
  if (known !== undefined) return known.slice(0, known.indexOf('#'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const text = `whpk_${publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`;
  privateKeys.set(`${text}#${name}`, privateKey);
  return text;
}

function signByKey(body: string, publicKey: string, atMs: number) {
  const [, privateKey] = [...privateKeys].find(([key]) => key.startsWith(publicKey)) ?? [];
  if (privateKey === undefined) throw new Error(`no key for ${publicKey}`);
  const content = Buffer.from(`${ID}.${atMs / 1000}.${body}`);
  return toHeaders('webhook', `v1a,${signAsymmetric(null, content, privateKey).toString('base64')}`, atMs);
}

describeScheme({
  name: 'standard-webhooks v1a',
  options: shared.options,
  proves: 'body',
  toSecret: toPublicKey,
  sign: signByKey,
  header: 'webhook-signature',
  toleranceSeconds: 300,
});

const body = '{"type":"contact.created"}';
const { verify } = createStandardWebhooks({ toleranceSeconds: 300 });
const check = (headers: Record<string, string>, secrets = [toSecret('right')]) =>
  verify({ headers, body: Buffer.from(body), secrets, nowMs: NOW_MS });

describe('standard webhooks', () => {
  test('give the id of the message as key', () => {
    expect(check(signAsStandard(body, toSecret('right'), NOW_MS))).toEqual({ ok: true, key: ID });
  });

  test('take a secret without its prefix, as the libraries do', () => {
    const secret = toSecret('right').slice('whsec_'.length);
    expect(check(signAsStandard(body, secret, NOW_MS), [secret])).toMatchObject({ ok: true });
  });

  test.each([['whsec_'], ['whsec_%%%'], ['whpk_AAAA'], [`whsec_${'A'.repeat(2000)}`]])(
    'count a secret that is no key as none: %s',
    (secret) => {
      expect(check(signAsStandard(body, toSecret('right'), NOW_MS), [secret])).toEqual({
        ok: false,
        reason: 'no-live-secret',
      });
    },
  );

  test('take v1 and v1a in one header, by the secret or by the public key', () => {
    const publicKey = toPublicKey('both');
    const v1 = signAsStandard(body, toSecret('right'), NOW_MS)['webhook-signature'];
    const v1a = signByKey(body, publicKey, NOW_MS)['webhook-signature'];
    const headers = toHeaders('webhook', `v2,abc ${v1} ${v1a}`, NOW_MS);
    for (const secrets of [[toSecret('right')], [publicKey], [toSecret('other'), publicKey]]) {
      expect(check(headers, secrets)).toMatchObject({ ok: true });
    }
    expect(check(headers, [toSecret('other'), toPublicKey('other')])).toEqual({
      ok: false,
      reason: 'signature-mismatch',
    });
  });

  test('never take one kind of signature for the other', () => {
    const v1 = signAsStandard(body, toSecret('right'), NOW_MS)['webhook-signature'] ?? '';
    const renamed = toHeaders('webhook', v1.replace('v1,', 'v1a,'), NOW_MS);
    expect(check(renamed)).toEqual({ ok: false, reason: 'signature-malformed' });
    // A public key is known to everybody: it must not do as the secret of an HMAC.
    const publicKey = toPublicKey('right');
    const secret = publicKey.replace('whpk_', 'whsec_');
    expect(check(signAsStandard(body, secret, NOW_MS), [publicKey])).toMatchObject({ ok: false });
  });

  test('look at no more than four public-key signatures', () => {
    const publicKey = toPublicKey('right');
    const v1a = signByKey(body, publicKey, NOW_MS)['webhook-signature'] ?? '';
    const four = toHeaders('webhook', Array(4).fill(v1a).join(' '), NOW_MS);
    expect(check(four, [publicKey])).toMatchObject({ ok: true });
    const five = toHeaders('webhook', Array(5).fill(v1a).join(' '), NOW_MS);
    expect(check(five, [publicKey])).toEqual({ ok: false, reason: 'signature-malformed' });
  });

  test('never mix the headers of both names', () => {
    const good = signAsStandard(body, toSecret('right'), NOW_MS);
    expect(check({ ...good, 'svix-id': 'other', 'svix-timestamp': '1', 'svix-signature': 'v1,x' })).toEqual({
      ok: true,
      key: ID,
    });
    const { 'webhook-id': id = '', ...withoutId } = good;
    expect(check({ ...withoutId, 'svix-id': id })).toEqual({ ok: false, reason: 'signature-missing' });
  });

  test('refuse an id with a full stop, which could be part of the time', () => {
    const signature = new Webhook(toSecret('right')).sign('msg.1', new Date(NOW_MS), body);
    expect(check(toHeaders('webhook', signature, NOW_MS, 'msg.1'))).toEqual({
      ok: false,
      reason: 'header-malformed',
    });
  });

  test.each([
    ['timestamp-missing', ''],
    ['timestamp-malformed', '1780315200x'],
    ['timestamp-malformed', ' 1780315200'],
  ])('say %s of the time "%s"', (reason, timestamp) => {
    const headers = signAsStandard(body, toSecret('right'), NOW_MS);
    expect(check({ ...headers, 'webhook-timestamp': timestamp })).toEqual({ ok: false, reason });
  });
});
