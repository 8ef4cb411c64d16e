import { PlainError } from '@sluice/contracts/plain-error';
import type { PushSource } from '@sluice/contracts/source';

/** The secrets of a source. The values are held by a closure, so that logging this object shows none of them. */
export type SourceSecrets = {
  /** Returns the secrets that have not expired now, in the order of their declaration. */
  readLive(): readonly string[];
};

/** Thrown when a variable that shall hold a secret is unset or empty. */
class SecretMissingError extends PlainError {
  override readonly name = 'SecretMissingError';
}

type SecretsOf = Pick<PushSource, 'id' | 'secrets'>;

/** How a variable is read, and the time in epoch ms. */
type SecretsEnvironment = {
  readonly readEnv: (name: string) => string | undefined;
  readonly now: () => number;
};

/**
 * Resolves the secrets of a source: a variable is read once, here, and `now` (epoch ms) tells at each use which
 * secrets have expired. A variable is not needed for a secret that has expired already.
 *
 * @throws SecretMissingError naming every variable that is unset or empty
 */
export function resolveSecrets(source: SecretsOf, environment: SecretsEnvironment): SourceSecrets {
  const { missing, secrets } = readSecrets(source, environment);
  if (missing.length > 0) throw new SecretMissingError(describeMissing(source.id, missing));
  return secrets;
}

/**
 * Resolves the secrets of several sources, by their ids.
 *
 * @throws SecretMissingError naming every variable of every source that is unset or empty
 */
export function resolveAllSecrets(
  sources: readonly SecretsOf[],
  environment: SecretsEnvironment,
): ReadonlyMap<string, SourceSecrets> {
  const read = sources.map((source) => ({ id: source.id, ...readSecrets(source, environment) }));
  const lacking = read.filter(({ missing }) => missing.length > 0);
  const sentences = lacking.map(({ id, missing }) => describeMissing(id, missing));
  if (sentences.length === 1) throw new SecretMissingError(sentences.join());
  if (sentences.length > 1) {
    const lines = sentences.map((sentence) => `\n  ${sentence}`);
    throw new SecretMissingError(`Secrets of ${sentences.length} sources are missing:${lines.join('')}`);
  }
  return new Map(read.map(({ id, secrets }) => [id, secrets]));
}

function describeMissing(id: string, missing: readonly string[]): string {
  const verb = missing.length === 1 ? 'is' : 'are';
  return `Source ${id} takes its secret from ${missing.join(' and ')}, which ${verb} not set.`;
}

function readSecrets(
  source: SecretsOf,
  { readEnv, now }: SecretsEnvironment,
): { readonly missing: readonly string[]; readonly secrets: SourceSecrets } {
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
  const readLive = () => {
    const at = now();
    return resolved.filter(({ expiresAtMs }) => expiresAtMs > at).map(({ value }) => value);
  };
  return { missing, secrets: { readLive } };
}
