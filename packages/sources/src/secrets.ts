import { PlainError } from '@sluice/contracts/plain-error';
import type { PushSource } from '@sluice/contracts/source';

/** The secrets of a source. The values are held by a closure, so that logging this object shows none of them. */
export type SourceSecrets = {
  /** Returns the secrets that have not expired now, in the order of their declaration. */
  readLive(): readonly string[];
};

/** Thrown when the variable that shall hold a secret is unset or empty. */
class SecretMissingError extends PlainError {
  override readonly name = 'SecretMissingError';
}

/**
 * Resolves the secrets of a source: a variable is read once, here, and `now` (epoch ms) tells at each use which
 * secrets have expired. A variable is not needed for a secret that has expired already.
 *
 * @throws SecretMissingError naming every variable that is unset or empty
 */
export function resolveSecrets(
  source: Pick<PushSource, 'id' | 'secrets'>,
  { readEnv, now }: { readonly readEnv: (name: string) => string | undefined; readonly now: () => number },
): SourceSecrets {
  const missing: string[] = [];
  const resolved: { readonly value: string; readonly expiresAtMs: number }[] = [];
  for (const secret of source.secrets) {
    const expiresAtMs =
      secret.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(secret.expiresAt);
    if (expiresAtMs <= now()) continue;
    const value = 'env' in secret ? readEnv(secret.env) : secret.value;
    if (value) resolved.push({ value, expiresAtMs });
    else if ('env' in secret) missing.push(secret.env);
  }
  if (missing.length > 0) {
    throw new SecretMissingError(
      `Source ${source.id} takes its secret from ${missing.join(' and ')}, which is not set.`,
    );
  }
  return {
    readLive: () => {
      const at = now();
      return resolved.filter(({ expiresAtMs }) => expiresAtMs > at).map(({ value }) => value);
    },
  };
}
