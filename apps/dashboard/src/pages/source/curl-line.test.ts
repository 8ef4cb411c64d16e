import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { toCurlLines } from './curl-line.ts';

/** Runs the lines before curl in a shell, and returns the signature. */
function sign(scheme: Parameters<typeof toCurlLines>[2]): string {
  const lines = toCurlLines('http://here', 'shop', scheme) ?? '';
  const script = `${lines.slice(0, lines.indexOf('curl'))}printf '%s' "$SIGNATURE"`;
  return execFileSync('sh', ['-c', script], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', SECRET: 's3cret' },
  }).toString();
}

const digest = (encoding: 'hex' | 'base64' | 'base64url', hash = 'sha256') =>
  createHmac(hash, 's3cret').update('{"hello":"world"}').digest(encoding);

it('signs as the sender would', () => {
  expect(sign('github')).toBe(digest('hex'));
  expect(sign('shopify')).toBe(digest('base64'));
  expect(sign({ type: 'hmac', header: 'x-sig' })).toBe(digest('hex'));
  expect(sign({ type: 'hmac', header: 'x-sig', encoding: 'base64url' })).toBe(digest('base64url'));
  expect(sign({ type: 'hmac', header: 'x-sig', hash: 'sha512', encoding: 'base64' })).toBe(
    digest('base64', 'sha512'),
  );
});

it.each(['none', 'basic', 'api-key', 'github', 'stripe', 'shopify', 'slack'])(
  'writes a command for %s',
  (scheme) => {
    const lines = toCurlLines('http://here', 'a b', scheme);
    expect(lines).toContain('curl -i -X POST http://here/hooks/a%20b \\\n');
    expect(lines).not.toContain('undefined');
  },
);

it('signs the time where that is asked for', () => {
  const scheme = {
    type: 'hmac',
    header: 'x-sig',
    content: '{timestamp}.{body}',
    timestampHeader: 'x-time',
    prefix: 'v1=',
  };
  const lines = toCurlLines('http://here', 'shop', scheme);
  expect(lines).toContain('"$NOW.$BODY"');
  expect(lines).toContain('-H "x-time: $NOW"');
  expect(lines).toContain('-H "x-sig: v1=$SIGNATURE"');
});

it('writes none where a shell cannot sign', () => {
  expect(toCurlLines('http://here', 'shop', 'standard-webhooks')).toBeNull();
});
