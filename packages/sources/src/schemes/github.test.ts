import { sign, verify as verifyByOctokit } from '@octokit/webhooks-methods';
import { expect, test } from 'vitest';
import { describeScheme } from '../../test/describe-scheme.ts';
import { createGithub } from './github.ts';

const DELIVERY = '72d3162e-cc78-11e3-81ab-4c9367dc0958';

async function signAsGithub(body: string, secret: string) {
  return {
    'x-hub-signature-256': await sign(secret, body),
    'x-github-delivery': DELIVERY,
    'x-github-event': 'push',
  };
}

describeScheme({
  name: 'github',
  options: { type: 'github' },
  proves: 'body',
  sign: signAsGithub,
  header: 'x-hub-signature-256',
});

const body = '{"zen":"Keep it logically awesome.","note":"é"}';
const secrets = ['s3cret'];

function verify(headers: Record<string, string | string[]>) {
  return createGithub().verify({ headers, body: Buffer.from(body), secrets, nowMs: 0 });
}

test("gives GitHub's delivery id as key and its event as type", async () => {
  expect(verify(await signAsGithub(body, 's3cret'))).toEqual({
    ok: true,
    key: DELIVERY,
    type: 'github.push',
  });
});

test('agrees with the example of the GitHub documentation', () => {
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const request = { headers: { 'x-hub-signature-256': signature }, body: Buffer.from('Hello, World!') };
  const secrets = ["It's a Secret to Everybody"];
  expect(createGithub().verify({ ...request, secrets, nowMs: 0 })).toEqual({ ok: true });
});

test('agrees with octokit on good and bad signatures', async () => {
  const good = await sign('s3cret', body);
  const flipped = good.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  for (const signature of [good, flipped, await sign('other', body)]) {
    const { ok } = verify({ 'x-hub-signature-256': signature });
    expect(ok).toBe(await verifyByOctokit('s3cret', body, signature));
  }
});

test.each([
  ['sha1', `sha1=${'0'.repeat(40)}`],
  ['no prefix', '0'.repeat(64)],
  ['too short', `sha256=${'0'.repeat(62)}`],
  ['too long', `sha256=${'0'.repeat(66)}`],
  ['two of them', `sha256=${'0'.repeat(64)}, sha256=${'0'.repeat(64)}`],
])('refuses a malformed signature: %s', (_name, signature) => {
  expect(verify({ 'x-hub-signature-256': signature })).toEqual({ ok: false, reason: 'signature-malformed' });
});

test.each([
  ['x-github-delivery', 'x'.repeat(129)],
  ['x-github-delivery', 'a b'],
  ['x-github-event', 'x'.repeat(65)],
  ['x-github-event', 'push\u0000'],
])('refuses an odd %s', async (header, value) => {
  const headers = { ...(await signAsGithub(body, 's3cret')), [header]: value };
  expect(verify(headers)).toEqual({ ok: false, reason: 'header-malformed' });
});
