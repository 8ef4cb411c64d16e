import type { StoredSource } from '@sluice/contracts/source';
import type { SourceBody } from '@sluice/contracts/sources-api';

/**
 * Tells whether a source would take its secret from a variable that it does not take it from already, or send it
 * elsewhere: to another host, or at all, where it was only compared with signatures.
 */
export function isNewVariable(name: string, body: SourceBody, existing: StoredSource | null): boolean {
  if (body.kind === 'push' && existing?.kind === 'push') {
    return !existing.secrets.some((secret) => 'env' in secret && secret.env === name);
  }
  if (body.kind === 'poll' && existing?.kind === 'poll') {
    return goesElsewhere(body, existing) || readVariable(existing) !== name;
  }
  return true;
}

/** Tells whether a polled source's secret would be sent to another host: whoever changes the address need not know it. */
export function goesElsewhere(body: SourceBody, existing: StoredSource | null): boolean {
  if (body.kind !== 'poll' || existing?.kind !== 'poll') return false;
  return new URL(body.url).origin !== new URL(existing.url).origin;
}

/** Tells whether a polled source may reach private addresses of a host for which nobody allowed that before. */
export function isNewlyPrivate(body: SourceBody, existing: StoredSource | null): boolean {
  if (body.kind !== 'poll' || !body.allowPrivate) return false;
  return existing?.kind !== 'poll' || !existing.allowPrivate || goesElsewhere(body, existing);
}

function readVariable({ auth }: Extract<StoredSource, { kind: 'poll' }>): string | null {
  return auth !== undefined && 'env' in auth.secret ? auth.secret.env : null;
}
