import { PlainError } from '@sluice/contracts/plain-error';
import type { PollAuth, PollSource } from '@sluice/contracts/source';

/** What a header's value may hold: visible characters, spaces and tabs (RFC 9110, section 5.5). */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;

/** Thrown when a source's secret is not there, or cannot be sent; the message does not hold it. */
export class PollAuthError extends PlainError {
  override readonly name = 'PollAuthError';
}

/**
 * Returns the headers that let us in at a source: none when it declares no `auth`. A variable is read at each call,
 * so that a source's secret is held no longer than its run.
 *
 * @throws PollAuthError when the variable is unset or empty, or the value cannot stand in a header
 */
export function toAuthHeaders(
  { id, auth }: Pick<PollSource, 'id' | 'auth'>,
  readEnv: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  if (auth === undefined) return {};
  const { secret: ref } = auth;
  const secret = 'env' in ref ? readEnv(ref.env) : ref.value;
  if (!secret) {
    const place = 'env' in ref ? ref.env : 'its declaration';
    throw new PollAuthError(`Source ${id} takes its secret from ${place}, which is not set.`);
  }
  const [name, value] = toHeader(auth, secret);
  if (!HEADER_VALUE.test(value)) {
    throw new PollAuthError(`The secret of source ${id} holds characters that no header may hold.`);
  }
  return { [name]: value };
}

function toHeader(auth: PollAuth, secret: string): readonly [string, string] {
  switch (auth.type) {
    case 'header':
      return [auth.header, secret];
    case 'basic':
      return ['authorization', `Basic ${Buffer.from(`${auth.username}:${secret}`).toString('base64')}`];
    case 'bearer':
      return ['authorization', `Bearer ${secret}`];
  }
}
