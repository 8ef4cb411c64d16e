import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Scheme } from '../src/schemes/scheme.ts';

/** What a scheme brings to the suite: how a provider signs a body with a secret. */
export type SchemeUnderTest = {
  readonly name: string;
  readonly scheme: Scheme;
  /** Whether the scheme checks a signature at all. */
  readonly signs: boolean;
  readonly sign: (body: string, secret: string) => Promise<IncomingHttpHeaders> | IncomingHttpHeaders;
};

const BODY = '{"amount":1.50,"name":"Zoë"}';

/** The suite that every scheme must pass. */
export function describeScheme({ name, scheme, signs, sign }: SchemeUnderTest): void {
  describe(`scheme ${name}`, () => {
    const verify = (headers: IncomingHttpHeaders, secrets: readonly string[], body = BODY) =>
      scheme.verify({ headers, secrets, body: Buffer.from(body) });

    test('takes a request that is signed with its secret', async () => {
      expect(verify(await sign(BODY, 'right'), ['right'])).toMatchObject({ ok: true });
    });

    test('takes a request that is signed with any of several secrets', async () => {
      expect(verify(await sign(BODY, 'old'), ['new', 'old'])).toMatchObject({ ok: true });
      expect(verify(await sign(BODY, 'new'), ['new', 'old'])).toMatchObject({ ok: true });
    });

    test('never throws, whatever the headers hold', async () => {
      const signed = await sign(BODY, 'right');
      const odd = ['', ' ', ',', 'x'.repeat(10_000), '\u0000', 'sha256=', 'sha256=zz', ['a', 'b']];
      for (const header of Object.keys(signed)) {
        for (const value of odd) {
          expect(() => verify({ ...signed, [header]: value }, ['right'])).not.toThrow();
        }
      }
    });

    if (!signs) return;

    test('refuses everything when no secret is live', async () => {
      expect(verify(await sign(BODY, 'right'), [])).toEqual({ ok: false, reason: 'no-live-secret' });
      expect(verify(await sign(BODY, ''), [])).toEqual({ ok: false, reason: 'no-live-secret' });
    });

    test('refuses another secret', async () => {
      expect(verify(await sign(BODY, 'wrong'), ['right'])).toEqual({
        ok: false,
        reason: 'signature-mismatch',
      });
    });

    test('refuses a body that means the same but has other bytes', async () => {
      const headers = await sign(BODY, 'right');
      for (const body of [BODY.replace('1.50', '1.5'), `${BODY} `, BODY.slice(0, -1), '{}', '']) {
        expect(verify(headers, ['right'], body)).toMatchObject({ ok: false });
      }
    });

    test('refuses a request without any header', () => {
      expect(verify({}, ['right'])).toEqual({ ok: false, reason: 'signature-missing' });
    });
  });
}
