import { hash } from 'node:crypto';
import type { Scheme, SignedRequest } from './scheme.ts';
import { isTooLong, matchesAny, readHeader, refuse } from './signature.ts';

/**
 * Creates a scheme whose secret itself stands in a header, which vouches for the sender but for no byte of the body.
 * `readCredential` returns undefined for a header that holds none.
 */
export function createCredentialScheme(
  header: string,
  readCredential: (value: string) => Buffer | undefined,
): Scheme {
  return {
    verify({ headers, secrets }: SignedRequest) {
      if (secrets.length === 0) return refuse('no-live-secret');
      const value = readHeader(headers, header);
      if (value === undefined) return refuse('signature-missing');
      const credential = isTooLong(value) ? undefined : readCredential(value);
      if (credential === undefined) return refuse('signature-malformed');
      // Digests are of one length, so that the time does not tell that of a secret either.
      const matches = matchesAny(secrets, [hash('sha256', credential, 'buffer')], (secret) =>
        hash('sha256', secret, 'buffer'),
      );
      return matches ? { ok: true } : refuse('signature-mismatch');
    },
  };
}
