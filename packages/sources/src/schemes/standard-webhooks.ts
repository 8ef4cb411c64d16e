import { createHmac, createPublicKey, type KeyObject, verify as verifyAsymmetric } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { takeDelivery } from './delivery.ts';
import type { Scheme } from './scheme.ts';
import { decodeBytes, isTooLong, MAX_SIGNATURES, matchesAny, readHeader, refuse } from './signature.ts';
import { isInTolerance, readSignedTime } from './signed-time.ts';

/*
 * The library `standardwebhooks` 1.1.1 is not used here, only by the tests as the sender: it knows no v1a, it decodes
 * the body first, so that all bytes that are not UTF-8 count as the same, it reads the clock by itself, and it stops
 * at the first signature that matches.
 */

/** What a sender's secrets are: keys of HMACs (`whsec_`, v1) and public keys (`whpk_`, v1a). */
type Keys = { readonly macKeys: Buffer[]; readonly publicKeys: KeyObject[] };

/** The signatures of one header, by what they are. */
type Signatures = { readonly macs: Buffer[]; readonly ed25519: Buffer[] };

/** Each costs as much as the HMAC of 200 KB, and anybody can send some: no sender has more than two. */
const MAX_ED25519_SIGNATURES = 4;

/** The longest key of an HMAC, in bytes; the specification allows 24 to 64. */
const MAX_KEY_BYTES = 1024;

/** Full stops separate what is signed, so that an id with one could be taken for another. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;

/**
 * Creates the scheme of Standard Webhooks 1.0.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): the header
 * `webhook-signature` lists signatures over `<webhook-id>.<webhook-timestamp>.<body>`, `v1,` with HMAC-SHA256 or `v1a,`
 * with Ed25519. Headers that begin with `svix-` are the same under their older name. `webhook-id` becomes the key; the
 * type stands in the body.
 */
export function createStandardWebhooks({ toleranceSeconds }: { readonly toleranceSeconds: number }): Scheme {
  // Reading a public key costs a third of checking a signature with it. As long as the list of secrets ever was.
  const known = new Map<string, Buffer | KeyObject | undefined>();

  function readKeys(secrets: readonly string[]): Keys {
    const keys: Keys = { macKeys: [], publicKeys: [] };
    for (const secret of secrets) {
      if (!known.has(secret)) known.set(secret, readKey(secret));
      const key = known.get(secret);
      if (key instanceof Uint8Array) keys.macKeys.push(key);
      else if (key !== undefined) keys.publicKeys.push(key);
    }
    return keys;
  }

  return {
    verify({ headers, body, secrets, nowMs }) {
      const keys = readKeys(secrets);
      if (keys.macKeys.length + keys.publicKeys.length === 0) return refuse('no-live-secret');
      const family = findFamily(headers);
      const list = readHeader(headers, `${family}-signature`);
      const id = readHeader(headers, `${family}-id`);
      if (list === undefined || id === undefined) return refuse('signature-missing');
      const given = isTooLong(list) ? undefined : parseSignatures(list);
      if (given === undefined) return refuse('signature-malformed');
      const time = readSignedTime(headers, `${family}-timestamp`);
      if (!time.ok) return time;
      const head = Buffer.from(`${id}.${time.text}.`, 'latin1');
      if (!matches(keys, given, head, body)) return refuse('signature-mismatch');
      if (!isInTolerance(time, nowMs, toleranceSeconds)) return refuse('timestamp-out-of-tolerance');
      return takeDelivery({ headers, body }, { keyHeader: `${family}-id`, keyPattern: ID });
    },
  };
}

/** All headers of a request must be of one family: else their mixture could be what nobody signed. */
function findFamily(headers: IncomingHttpHeaders): 'webhook' | 'svix' {
  return readHeader(headers, 'webhook-signature') === undefined && 'svix-signature' in headers
    ? 'svix'
    : 'webhook';
}

function matches(keys: Keys, given: Signatures, head: Buffer, body: Uint8Array): boolean {
  const byMac = matchesAny(keys.macKeys, given.macs, (key) =>
    createHmac('sha256', key).update(head).update(body).digest(),
  );
  if (keys.publicKeys.length === 0 || given.ed25519.length === 0) return byMac;
  // Ed25519 takes no pieces; nothing here is secret, so that the time may tell what it likes.
  const content = Buffer.concat([head, body]);
  const byKey = keys.publicKeys.some((key) =>
    given.ed25519.some((signature) => verifyAsymmetric(null, content, key, signature)),
  );
  return byMac || byKey;
}

/** Returns the signatures that can be checked; undefined when there are none or too many. */
function parseSignatures(list: string): Signatures | undefined {
  const items = list.split(' ', MAX_SIGNATURES + 1);
  if (items.length > MAX_SIGNATURES) return undefined;
  const macs = items.flatMap((item) => readSignature(item, 'v1,', 32));
  const ed25519 = items.flatMap((item) => readSignature(item, 'v1a,', 64));
  if (macs.length + ed25519.length === 0 || ed25519.length > MAX_ED25519_SIGNATURES) return undefined;
  return { macs, ed25519 };
}

function readSignature(item: string, version: string, byteCount: number): Buffer[] {
  const bytes = item.startsWith(version)
    ? decodeBytes(item.slice(version.length), 'base64', byteCount)
    : undefined;
  return bytes === undefined ? [] : [bytes];
}

/** Reads a secret as the key that it is; undefined for what is none, because nobody can have signed with it. */
function readKey(secret: string): Buffer | KeyObject | undefined {
  return secret.startsWith('whpk_') ? readPublicKey(secret) : readMacKey(secret);
}

function readMacKey(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, '');
  const byteCount = Buffer.from(text, 'base64').length;
  // An empty key would let everybody sign.
  return byteCount === 0 || byteCount > MAX_KEY_BYTES ? undefined : decodeBytes(text, 'base64', byteCount);
}

function readPublicKey(secret: string): KeyObject | undefined {
  const x = decodeBytes(secret.slice('whpk_'.length), 'base64', 32)?.toString('base64url');
  if (x === undefined) return undefined;
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
