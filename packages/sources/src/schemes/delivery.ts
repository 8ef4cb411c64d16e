import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject } from '@sluice/contracts/json';
import type { Verification } from './scheme.ts';
import { refuse } from './signature.ts';

/** Where a provider says which delivery it is, and of what type. */
export type DeliveryNames = {
  readonly keyHeader?: string | undefined;
  readonly keyPattern?: RegExp;
  readonly typeHeader?: string | undefined;
  readonly typePattern?: RegExp;
  /** Stands before the type. */
  readonly typePrefix?: string;
  /** Member of a JSON object body that holds the key. */
  readonly keyMember?: string;
};

/** The longest key, and the longest type with its prefix, in characters. */
const KEY = /^[\x21-\x7e]{1,256}$/;
const TYPE = /^[\x21-\x7e]{1,128}$/;

/** Takes a request whose signature is good, with the key and type that it names; refuses odd ones. */
export function takeDelivery(
  { headers, body }: { readonly headers: IncomingHttpHeaders; readonly body: Uint8Array },
  names: DeliveryNames,
): Verification {
  const { keyHeader, keyPattern = KEY, typeHeader, typePattern = TYPE, typePrefix = '', keyMember } = names;
  const key = keyHeader === undefined ? readMember(body, keyMember) : headers[keyHeader];
  const type = typeHeader === undefined ? undefined : headers[typeHeader];
  if (!isAbsentOr(keyPattern, key) || !isAbsentOr(typePattern, type)) return refuse('header-malformed');
  return {
    ok: true,
    ...(key === undefined ? {} : { key }),
    ...(type === undefined ? {} : { type: `${typePrefix}${type}` }),
  };
}

/** A body that is no JSON has no key; whether that is an error is not for a scheme to say. */
function readMember(body: Uint8Array, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    const member = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    return typeof member === 'string' && KEY.test(member) ? member : undefined;
  } catch {
    return undefined;
  }
}

function isAbsentOr(pattern: RegExp, header: string | string[] | undefined): header is string | undefined {
  return header === undefined || (typeof header === 'string' && pattern.test(header));
}
