import { createCredentialScheme } from './credential.ts';
import type { Scheme } from './scheme.ts';

/** Creates the scheme `api-key`: the header holds the secret. A secret beyond ASCII is sent as UTF-8. */
export function createApiKey({ header }: { readonly header: string }): Scheme {
  // Node reads the bytes of a header as Latin-1.
  return createCredentialScheme(header, (value) => Buffer.from(value, 'latin1'));
}
