import type { IncomingHttpHeaders } from 'node:http';
import type { SchemeOptions } from '@sluice/contracts/source';
import { describe, expect, test } from 'vitest';
import { createScheme } from '../src/schemes/registry.ts';

/** What a scheme brings to the suite: how a provider signs a body with a secret, at a time in epoch milliseconds. */
export type SchemeUnderTest = {
  readonly name: string;
  readonly options: SchemeOptions;
  /** Whom or what a good request vouches for. */
  readonly proves: 'nothing' | 'sender' | 'body';
  /** Makes a secret of the scheme's own form from a name; default: the name. */
  readonly toSecret?: (name: string) => string;
  readonly sign: (
    body: string,
    secret: string,
    atMs: number,
  ) => Promise<IncomingHttpHeaders> | IncomingHttpHeaders;
  /** The header of the signature. */
  readonly header?: string;
  /** Puts a header's signatures of one body into one header. */
  readonly join?: (signatures: string[]) => string;
  /** Set when the time is signed too. */
  readonly toleranceSeconds?: number;
};

const BODY = '{"amount":1.50,"name":"Zoë"}';

/** Where real clocks stand by now, so that a client library may look at its own. */
const NOW_MS = Date.parse('2026-06-01T12:00:00Z');

const EIGHT = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const ODD_VALUES = [
  '',
  ' ',
  ',',
  ', ,',
  '=',
  'x'.repeat(10_000),
  `v1,${' v1,'.repeat(5000)}`,
  't=1,'.repeat(2000),
  '\u0000',
  '\u00ff\u00fe',
  'Zo\u00c3\u00ab \u2028',
  'sha256=',
  'sha256=zz',
  'v0=',
  'v1a,',
  `v1a,${'A'.repeat(86)}==`,
  't=NaN,v1=00',
  'Basic ',
  'Basic ====',
  '-1',
  '1e9',
  '99999999999999999999',
  ['a', 'b'],
  [],
];
const ODD_SECRETS = [
  '',
  ' ',
  '\u0000',
  'Zoë',
  'whsec_',
  'whsec_%%%',
  'whpk_',
  'whpk_AAAA',
  `whpk_${'A'.repeat(43)}=`,
];

/** The suite that every scheme must pass. */
export function describeScheme(scheme: SchemeUnderTest): void {
  const {
    name,
    options,
    proves,
    toSecret = (secret) => secret,
    sign,
    header,
    join,
    toleranceSeconds,
  } = scheme;
  const { verify } = createScheme(options);
  const check = (
    headers: IncomingHttpHeaders,
    names: readonly string[],
    body: string | Buffer = BODY,
    nowMs = NOW_MS,
  ) => verify({ headers, secrets: names.map(toSecret), body: Buffer.from(body), nowMs });
  const signBy = async (secret: string, body = BODY, atMs = NOW_MS) => sign(body, toSecret(secret), atMs);

  describe(`scheme ${name}`, () => {
    test('takes a request that is signed with its secret', async () => {
      expect(check(await signBy('right'), ['right'])).toMatchObject({ ok: true });
    });

    test('takes an empty body and one that is not UTF-8 without a fault of its own', async () => {
      const headers = await signBy('right');
      for (const body of ['', Buffer.from([0xff, 0x00, 0xfe])]) {
        expect(check(headers, ['right'], body)).toMatchObject(
          proves === 'body' ? { reason: 'signature-mismatch' } : { ok: true },
        );
      }
    });

    test.each(EIGHT)('takes a request that is signed with any of eight secrets: %s', async (secret) => {
      expect(check(await signBy(secret), EIGHT)).toMatchObject({ ok: true });
    });

    test('never throws, whatever the headers and the secrets hold', async () => {
      const signed = await signBy('right');
      for (const odd of ODD_VALUES) {
        for (const one of Object.keys(signed)) {
          const headers = { ...signed, [one]: odd } as IncomingHttpHeaders;
          expect(() => check(headers, ['right'])).not.toThrow();
          expect(() =>
            verify({ headers, secrets: ODD_SECRETS, body: Buffer.from(BODY), nowMs: NOW_MS }),
          ).not.toThrow();
        }
      }
      expect(() => check(signed, ['right'], BODY, Number.NaN)).not.toThrow();
    });

    if (proves === 'nothing') return;

    test('refuses everything when no secret is live', async () => {
      for (const headers of [{}, await signBy('right')]) {
        expect(check(headers, [])).toEqual({ ok: false, reason: 'no-live-secret' });
      }
    });

    test('refuses a request that is signed with another secret', async () => {
      for (const secrets of [['right'], EIGHT]) {
        expect(check(await signBy('wrong'), secrets)).toEqual({ ok: false, reason: 'signature-mismatch' });
      }
    });

    test('refuses a request without any header', () => {
      expect(check({}, ['right'])).toEqual({ ok: false, reason: 'signature-missing' });
    });

    if (header !== undefined) describeHeader(header);
    if (proves === 'body') describeBody();
    if (toleranceSeconds !== undefined) describeTime(toleranceSeconds);
    if (header !== undefined && join !== undefined) describeSeveral(header, join);
  });

  function describeHeader(signatureHeader: string): void {
    test('refuses a signature that is empty, cut, lengthened or written otherwise', async () => {
      const signed = await signBy('right');
      const signature = String(signed[signatureHeader]);
      const odd = [
        ['', 'signature-missing'],
        [signature.slice(0, -5), undefined],
        [`${signature}00`, undefined],
        [`${signature}, ${signature}x`, undefined],
        [signature.replace(/.{9}$/, 'ÄÄÄÄÄÄÄÄÄ'), undefined],
        [signature + ' '.repeat(9000), 'signature-malformed'],
        ['x'.repeat(1_000_000), 'signature-malformed'],
        [Buffer.from(signature).toString('base64'), undefined],
      ] as const;
      for (const [value, reason] of join === undefined ? odd : odd.filter((_, at) => at !== 3)) {
        const found = check({ ...signed, [signatureHeader]: value }, ['right']);
        expect(found).toMatchObject({ ok: false, ...(reason === undefined ? {} : { reason }) });
      }
    });
  }

  function describeBody(): void {
    test('refuses a body that means the same but has other bytes', async () => {
      const headers = await signBy('right');
      for (const body of [
        BODY.replace('1.50', '1.5'),
        `${BODY} `,
        `\uFEFF${BODY}`,
        BODY.slice(0, -1),
        '{}',
        '',
      ]) {
        expect(check(headers, ['right'], body)).toEqual({ ok: false, reason: 'signature-mismatch' });
      }
    });

    test('refuses bytes that only become the signed text by decoding', async () => {
      const headers = await signBy('right', '{"name":"\uFFFD"}');
      const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff]), Buffer.from('"}')]);
      expect(check(headers, ['right'], '{"name":"\uFFFD"}')).toMatchObject({ ok: true });
      expect(check(headers, ['right'], body)).toEqual({ ok: false, reason: 'signature-mismatch' });
    });
  }

  function describeTime(tolerance: number): void {
    test.each([-1, 1])('takes a time at the edge of the tolerance and none beyond it (%i)', async (side) => {
      const atMs = NOW_MS + side * tolerance * 1000;
      expect(check(await signBy('right', BODY, atMs), ['right'])).toMatchObject({ ok: true });
      const headers = await signBy('right', BODY, atMs + side * 1000);
      const late = { ok: false, reason: 'timestamp-out-of-tolerance' };
      expect(check(headers, ['right'])).toEqual(late);
      expect(check(headers, ['right'], BODY, NOW_MS + side * 1000)).toMatchObject({ ok: true });
    });

    test('calls a request that is both forged and old forged', async () => {
      const headers = await signBy('wrong', BODY, NOW_MS - 2 * tolerance * 1000);
      expect(check(headers, ['right'])).toEqual({ ok: false, reason: 'signature-mismatch' });
    });
  }

  function describeSeveral(signatureHeader: string, joinAll: (signatures: string[]) => string): void {
    const signByAll = async (secrets: readonly string[]) => {
      const all = await Promise.all(secrets.map((secret) => signBy(secret)));
      return { ...all[0], [signatureHeader]: joinAll(all.map((signed) => String(signed[signatureHeader]))) };
    };

    test('takes a request that is signed with an old and a new secret, whichever of them is known', async () => {
      const headers = await signByAll(['old', 'new']);
      for (const secrets of [['old'], ['new'], ['new', 'old'], ['other', 'new']]) {
        expect(check(headers, secrets)).toMatchObject({ ok: true });
      }
      expect(check(headers, ['other'])).toEqual({ ok: false, reason: 'signature-mismatch' });
    });

    test('takes 16 signatures and no more', async () => {
      const wrong = Array.from({ length: 15 }, (_, at) => `wrong${at}`);
      expect(check(await signByAll([...wrong, 'right']), ['right'])).toMatchObject({ ok: true });
      expect(check(await signByAll([...wrong, 'wrong', 'right']), ['right'])).toEqual({
        ok: false,
        reason: 'signature-malformed',
      });
    });
  }
}
