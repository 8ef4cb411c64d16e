import { mayActAs, type Role } from '@sluice/contracts/access';
import { type ProblemError, ProblemException } from '@sluice/contracts/errors';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import type { StoredSecret, StoredSecretRef, StoredSource } from '@sluice/contracts/source';
import type { SourceBody } from '@sluice/contracts/sources-api';
import type { DeclarationProblem } from '@sluice/sources/check-mapping';
import { checkSource } from '@sluice/sources/check-source';
import { type SecretBox, SecretsKeyError } from '@sluice/sources/secret-box';
import { findVariableProblem } from './secret-variables.ts';
import { goesElsewhere, isNewlyPrivate, isNewVariable } from './variable-change.ts';

/**
 * Makes the stored form of a source that was sent to the api: its secrets are encrypted, and those that it only shows
 * as set are taken from `existing`. A variable is read by ingest and schedulers, so not every one may be named here, and
 * only by an admin: a source decides where its secret goes, and a variable may hold that of another source. Private
 * addresses are reached from inside, so that only an admin of the default tenant, who runs Sluice, allows them.
 *
 * @throws ProblemException ERR_FORBIDDEN when others than admins name a variable that the source does not use already,
 * or others than admins of the default tenant allow private addresses for a host for which they were not allowed
 * @throws ProblemException ERR_BODY_INVALID for what a schema cannot say, or a kept secret that does not exist
 * @throws ProblemException ERR_SECRETS_KEY_MISSING for a secret by value where there is no key
 */
export function toStoredSource(
  body: SourceBody,
  {
    tenant,
    role,
    existing,
    box,
  }: {
    readonly tenant: string;
    /** Of who sent it. */
    readonly role: Role;
    readonly existing: StoredSource | null;
    readonly box: SecretBox;
  },
): StoredSource {
  const problems = checkSource(toCheckable(body, tenant));
  const forbidden: DeclarationProblem[] = [];
  const toStored = (
    secret: { readonly value: string } | { readonly env: string } | { readonly set: true },
    kept: StoredSecretRef | undefined,
    path: readonly PropertyKey[],
  ): StoredSecretRef => {
    if ('env' in secret) {
      const detail = findVariableProblem(secret.env, tenant);
      if (detail !== null) problems.push({ path, detail });
      if (!mayActAs(role, 'admin') && isNewVariable(secret.env, body, existing)) {
        forbidden.push({ path, detail: `naming the variable ${secret.env} here takes the role admin` });
      }
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
  if (forbidden.length > 0) throw toForbidden(forbidden, role);
  if (isNewlyPrivate(body, existing) && !(tenant === DEFAULT_TENANT && mayActAs(role, 'admin'))) {
    throw toPrivateForbidden(tenant, role);
  }
  return stored;
}

/** Makes what is wrong with a declaration the problem of a request's body. */
export function toBodyProblem(problems: readonly DeclarationProblem[]): ProblemException {
  const errors = toErrors(problems);
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  if (first === undefined) return new ProblemException('ERR_BODY_INVALID', undefined, { errors });
  const text = `${first.pointer.slice(1)}: ${first.detail}${more}`.replace(/^: /, '');
  return new ProblemException('ERR_BODY_INVALID', text.endsWith('?') ? text : `${text}.`, { errors });
}

function toForbidden(problems: readonly DeclarationProblem[], role: Role): ProblemException {
  const detail = `To name a variable that holds a secret takes the role admin; the key has ${role}. Give the value, or ask an admin.`;
  return new ProblemException('ERR_FORBIDDEN', detail, { errors: toErrors(problems) });
}

function toPrivateForbidden(tenant: string, role: Role): ProblemException {
  const needed = `the role admin of the tenant ${DEFAULT_TENANT}`;
  const detail = `To allow private addresses takes ${needed}; the key has ${role} of ${tenant}.`;
  return new ProblemException('ERR_FORBIDDEN', detail, {
    errors: toErrors([{ path: ['allowPrivate'], detail: `setting it here takes ${needed}` }]),
  });
}

function toErrors(problems: readonly DeclarationProblem[]): readonly ProblemError[] {
  return problems.map(({ path, detail }) => ({
    pointer: path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    detail,
  }));
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
