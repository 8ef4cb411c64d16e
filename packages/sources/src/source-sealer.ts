import { isDeepStrictEqual } from 'node:util';
import type { SecretRef, Source, StoredSecretRef, StoredSource } from '@sluice/contracts/source';
import { type SecretBox, SecretsKeyError } from './secret-box.ts';

/** A source without its mapping, which is stored apart. */
export type SourceBody = Source extends infer Kind
  ? Kind extends Source
    ? Omit<Kind, 'mapping'>
    : never
  : never;

/**
 * Returns the form in which a source is stored: without its mapping, every secret encrypted or named.
 *
 * @throws SecretsKeyError when a secret is given by its value and there is no key
 */
function sealSource(source: Source, box: SecretBox): StoredSource {
  const toStored = (secret: SecretRef): StoredSecretRef =>
    'env' in secret ? { env: secret.env } : { sealed: box.seal(source.id, secret.value) };
  const body = withoutMapping(source);
  if (body.kind === 'push') {
    return { ...body, secrets: body.secrets.map((secret) => ({ ...toStored(secret), ...toExpiry(secret) })) };
  }
  const { auth, ...rest } = body;
  return auth === undefined ? rest : { ...rest, auth: { ...auth, secret: toStored(auth.secret) } };
}

/**
 * Returns a stored source with its secrets readable, as whoever verifies or polls needs it. It must not be logged.
 *
 * @throws SecretsKeyError when a secret does not open with the keys that are here
 */
export function openSource(stored: StoredSource, box: SecretBox): SourceBody {
  const toPlain = (secret: StoredSecretRef): SecretRef =>
    'env' in secret ? { env: secret.env } : { value: box.open(stored.id, secret.sealed) };
  if (stored.kind === 'push') {
    const secrets = stored.secrets.map((secret) => ({ ...toPlain(secret), ...toExpiry(secret) }));
    return { ...stored, secrets };
  }
  const { auth, ...rest } = stored;
  return auth === undefined ? rest : { ...rest, auth: { ...auth, secret: toPlain(auth.secret) } };
}

/**
 * Encrypts the secrets of a stored source anew that were encrypted with an old key. Returns the source as it shall be
 * stored, null when nothing of it changes, and whether a secret is left that does not open here.
 *
 * @throws SecretsKeyError when there is a secret to encrypt and no key to do it with
 */
export function resealSource(
  stored: StoredSource,
  box: SecretBox,
): { readonly source: StoredSource | null; readonly isLeft: boolean } {
  let isLeft = false;
  let isChanged = false;
  function renew(secret: StoredSecretRef): StoredSecretRef {
    if ('env' in secret || box.isCurrent(secret.sealed)) return secret;
    const value = openOrNull(box, stored.id, secret.sealed);
    isLeft ||= value === null;
    if (value === null) return secret;
    isChanged = true;
    return { sealed: box.seal(stored.id, value) };
  }
  const renewed = withSecrets(stored, renew);
  return { source: isChanged ? renewed : null, isLeft };
}

function withSecrets(
  stored: StoredSource,
  change: (secret: StoredSecretRef) => StoredSecretRef,
): StoredSource {
  if (stored.kind === 'push') {
    const secrets = stored.secrets.map((secret) => ({ ...change(secret), ...toExpiry(secret) }));
    return { ...stored, secrets };
  }
  const { auth } = stored;
  return auth === undefined ? stored : { ...stored, auth: { ...auth, secret: change(auth.secret) } };
}

function openOrNull(box: SecretBox, source: string, sealed: string): string | null {
  try {
    return box.open(source, sealed);
  } catch (error) {
    if (error instanceof SecretsKeyError) return null;
    throw error;
  }
}

/**
 * Creates what the store applies the sources file with (`SourceStore.applyFile`). A secret that was encrypted with an
 * old key, or does not open, is not the same: it is encrypted anew.
 */
export function createSourceSealer(box: SecretBox) {
  return {
    seal: (source: Source): StoredSource => sealSource(source, box),
    isSame(stored: StoredSource, source: Source): boolean {
      if (!toSealed(stored).every(box.isCurrent)) return false;
      try {
        return isDeepStrictEqual(openSource(stored, box), withoutMapping(source));
      } catch (error) {
        if (error instanceof SecretsKeyError) return false;
        throw error;
      }
    },
  };
}

function toSealed(stored: StoredSource): string[] {
  const ofPoll = stored.kind === 'poll' && stored.auth !== undefined ? [stored.auth.secret] : [];
  const secrets = stored.kind === 'push' ? stored.secrets : ofPoll;
  return secrets.flatMap((secret) => ('sealed' in secret ? [secret.sealed] : []));
}

function withoutMapping({ mapping: _, ...body }: Source): SourceBody {
  return body;
}

function toExpiry({ expiresAt }: { readonly expiresAt?: string | undefined }) {
  return expiresAt === undefined ? {} : { expiresAt };
}
