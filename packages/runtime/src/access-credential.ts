import type { IncomingHttpHeaders } from 'node:http';

/** A key as a request presents it. */
export type Credential = { readonly key: string; readonly isCookie: boolean };

/**
 * The names of the session's cookie. The first is used where the page came over https: a browser takes it only with
 * `Secure`, so nothing that was sent in the clear, and no neighbouring host, can put another one in its place.
 */
const SECURE_COOKIE = '__Host-sluice_session';
const PLAIN_COOKIE = 'sluice_session';

/** Reads the key from `Authorization: Bearer`, else from the session's cookie; null when there is neither. */
export function readCredential({ authorization, cookie }: IncomingHttpHeaders): Credential | null {
  if (authorization !== undefined) {
    const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    return key === undefined ? null : { key, isCookie: false };
  }
  const key = readSessionCookie(cookie);
  return key === undefined ? null : { key, isCookie: true };
}

/** Reads the key of the session from a `Cookie` header (RFC 6265 4.2.1); undefined when there is none. */
export function readSessionCookie(cookie: string | undefined): string | undefined {
  if (cookie?.includes(PLAIN_COOKIE) !== true) return undefined;
  const pairs = cookie.split(';').map((pair) => pair.trim());
  const read = (name: string) => pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  return read(SECURE_COOKIE) ?? read(PLAIN_COOKIE);
}

/** Tells whether the session's cookie came from a page over https. */
export function isSecureCookie(cookie: string | undefined): boolean {
  return cookie?.includes(SECURE_COOKIE) === true;
}

/**
 * Builds the `Set-Cookie` header of a session that ends after `maxAgeSeconds`. A key holds nothing that would have to be
 * escaped in it.
 */
export function toSessionCookie(key: string, maxAgeSeconds: number, secure: boolean): string {
  const name = secure ? `${SECURE_COOKIE}=${key}; Secure` : `${PLAIN_COOKIE}=${key}`;
  return `${name}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}`;
}

/** Builds the `Set-Cookie` headers that end whatever session a browser has. */
export function toEndedCookies(): string[] {
  return [toSessionCookie('', 0, true), toSessionCookie('', 0, false)];
}
