import { ProblemException } from '@sluice/contracts/errors';
import type { StoredSecret, StoredSecretRef, StoredSource } from '@sluice/contracts/source';
import type { SourceBody } from '@sluice/contracts/sources-api';
import type { DeclarationProblem } from '@sluice/sources/check-mapping';
import { checkSource } from '@sluice/sources/check-source';
import { type SecretBox, SecretsKeyError } from '@sluice/sources/secret-box';
import { findVariableProblem } from './secret-variables.ts';

/**
 * Makes the stored form of a source that was sent to the api: its secrets are encrypted, and those that it only shows
 * as set are taken from `existing`. A variable is read by ingest and schedulers, so not every one may be named here.
 *
 * @throws ProblemException ERR_BODY_INVALID for what a schema cannot say, or a kept secret that does not exist
 * @throws ProblemException ERR_SECRETS_KEY_MISSING for a secret by value where there is no key
 */
export function toStoredSource(
  body: SourceBody,
  {
    tenant,
    existing,
    box,
  }: {
    readonly tenant: string;
    readonly existing: StoredSource | null;
    readonly box: SecretBox;
  },
): StoredSource {
  const problems = checkSource(toCheckable(body, tenant));
  const toStored = (
    secret: { readonly value: string } | { readonly env: string } | { readonly set: true },
    kept: StoredSecretRef | undefined,
    path: readonly PropertyKey[],
  ): StoredSecretRef => {
    if ('env' in secret) {
      const detail = findVariableProblem(secret.env, tenant);
      if (detail !== null) problems.push({ path, detail });
      return { env: secret.env };
    }
    if ('value' in secret) return { sealed: seal(box, body.id, secret.value) };
    const isElsewhere = goesElsewhere(body, existing);
    if (kept !== undefined && 'sealed' in kept && !isElsewhere) {
      return { sealed: renew(box, body.id, kept.sealed) };
    }
    const detail = isElsewhere
      ? 'the stored secret is not sent to another address; give it again'
      : 'there is no stored secret to keep here';
    problems.push({ path, detail });
    return { env: 'NONE' };
  };
  const stored = replaceSecrets({ ...body, tenant }, existing, toStored);
  if (problems.length > 0) throw toBodyProblem(problems);
  return stored;
}

/** Tells whether a kept secret would be sent to another host: whoever changes the address need not know the secret. */
function goesElsewhere(body: SourceBody, existing: StoredSource | null): boolean {
  if (body.kind !== 'poll' || existing?.kind !== 'poll') return false;
  return new URL(body.url).origin !== new URL(existing.url).origin;
}

/** Makes what is wrong with a declaration the problem of a request's body. */
export function toBodyProblem(problems: readonly DeclarationProblem[]): ProblemException {
  const errors = problems.map(({ path, detail }) => ({
    pointer: path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    detail,
  }));
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const detail = first === undefined ? undefined : `${first.pointer.slice(1)}: ${first.detail}${more}.`;
  return new ProblemException('ERR_BODY_INVALID', detail?.replace(/^: /, ''), { errors });
}

type Replace = (
  secret: { readonly value: string } | { readonly env: string } | { readonly set: true },
  kept: StoredSecretRef | undefined,
  path: readonly PropertyKey[],
) => StoredSecretRef;

function replaceSecrets(
  body: SourceBody & { readonly tenant: string },
  existing: StoredSource | null,
  replace: Replace,
): StoredSource {
  if (body.kind === 'push') {
    const known = existing?.kind === 'push' ? existing.secrets : [];
    const secrets = body.secrets.map((secret, at): StoredSecret => {
      const kept = 'set' in secret ? known[secret.index] : undefined;
      const stored = replace(secret, kept, ['secrets', at]);
      return secret.expiresAt === undefined ? stored : { ...stored, expiresAt: secret.expiresAt };
    });
    return { ...body, secrets };
  }
  const { auth, ...rest } = body;
  if (auth === undefined) return rest;
  const kept = existing?.kind === 'poll' ? existing.auth?.secret : undefined;
  return { ...rest, auth: { ...auth, secret: replace(auth.secret, kept, ['auth', 'secret']) } };
}

/** A kept secret was checked when it was set; a name in its place is not looked into. */
function toCheckable(body: SourceBody, tenant: string): Parameters<typeof checkSource>[0] {
  const NAMED = { env: 'KEPT' };
  if (body.kind === 'push') {
    return { ...body, tenant, secrets: body.secrets.map((secret) => ('set' in secret ? NAMED : secret)) };
  }
  const { auth, ...rest } = body;
  if (auth === undefined) return { ...rest, tenant };
  return { ...rest, tenant, auth: { ...auth, secret: 'set' in auth.secret ? NAMED : auth.secret } };
}

function seal(box: SecretBox, source: string, value: string): string {
  try {
    return box.seal(source, value);
  } catch (error) {
    if (!(error instanceof SecretsKeyError)) throw error;
    throw new ProblemException('ERR_SECRETS_KEY_MISSING', error.message, { cause: error });
  }
}

/** Encrypts a kept secret anew when the key has changed since; one that does not open here stays as it is. */
function renew(box: SecretBox, source: string, sealed: string): string {
  if (box.isCurrent(sealed)) return sealed;
  try {
    return box.seal(source, box.open(source, sealed));
  } catch (error) {
    if (error instanceof SecretsKeyError) return sealed;
    throw error;
  }
}
