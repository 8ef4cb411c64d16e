import { createCredentialScheme } from './credential.ts';
import type { Scheme } from './scheme.ts';

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** Creates the scheme `basic` (RFC 7617): the secret is `user:password`, in UTF-8. */
export function createBasic(): Scheme {
  return createCredentialScheme('authorization', (value) => {
    const [, encoded] = BASIC.exec(value) ?? [];
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  });
}
