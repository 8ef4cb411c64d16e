/*
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D), a random nonce of 96 bits for every secret. What is written is
 * `v1.<key id>.<nonce, ciphertext and tag in base64url>`; version and source are authenticated with it, so that a
 * secret moved to another source does not open. The key id is a hash of the key: a ciphertext tells which key it
 * needs, and nothing about it.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { PlainError } from '@sluice/contracts/plain-error';

/** Encrypts the secrets of sources, and opens them again. */
export type SecretBox = {
  /**
   * Encrypts a secret of a source, each time differently.
   *
   * @throws SecretsKeyError when there is no key
   */
  seal(source: string, secret: string): string;
  /**
   * Returns the secret, whichever of the keys it was encrypted with.
   *
   * @throws SecretsKeyError when none of the keys opens it, or it belongs to another source
   */
  open(source: string, sealed: string): string;
  /** Tells whether a secret was encrypted with the key that is used now, and not with an old one. */
  isCurrent(sealed: string): boolean;
};

/** Thrown where a secret cannot be stored or read for want of the right key; says what to do. */
export class SecretsKeyError extends PlainError {
  override readonly name = 'SecretsKeyError';
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';

/**
 * Creates a box for a key and the keys before it (SECRETS_KEY, SECRETS_KEYS_OLD: 32 bytes each, as base64). Without a
 * key it opens what the old ones open, and seals nothing.
 *
 * @throws TypeError when a key has another length
 */
export function createSecretBox({
  key,
  oldKeys = [],
}: {
  readonly key?: string | undefined;
  readonly oldKeys?: readonly string[];
}): SecretBox {
  const current = key === undefined ? undefined : toKey(key);
  const keys = new Map(oldKeys.map(toKey).map((old) => [old.id, old.bytes]));
  if (current !== undefined) keys.set(current.id, current.bytes);

  function seal(source: string, secret: string): string {
    if (current === undefined) {
      throw new SecretsKeyError(
        `Source ${source} has a secret that would have to be stored, and there is no key to encrypt it with: ` +
          'set SECRETS_KEY for every process (openssl rand -base64 32 makes one), or name a variable that holds the ' +
          'secret (env) instead of its value.',
      );
    }
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', current.bytes, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(toContext(source));
    const parts = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${VERSION}.${current.id}.${Buffer.concat(parts).toString('base64url')}`;
  }

  function open(source: string, sealed: string): string {
    const [version, id = '', text = ''] = sealed.split('.');
    const bytes = keys.get(id);
    if (version !== VERSION || bytes === undefined) {
      throw new SecretsKeyError(
        `A secret of source ${source} was encrypted with a key that is not here: set SECRETS_KEY, or ` +
          'SECRETS_KEYS_OLD after a change of it, as the process has it that stored the secret.',
      );
    }
    const content = Buffer.from(text, 'base64url');
    try {
      // The text as a whole, so that it can be written in one way only.
      if (content.toString('base64url') !== text) throw new TypeError('Not canonical base64url.');
      const nonce = content.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', bytes, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(toContext(source));
      decipher.setAuthTag(content.subarray(-TAG_BYTES));
      const plain = decipher.update(content.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, decipher.final()]).toString('utf8');
    } catch (error) {
      throw new SecretsKeyError(`A secret of source ${source} was changed or damaged; set it anew.`, {
        cause: error,
      });
    }
  }

  return { seal, open, isCurrent: (sealed) => sealed.split('.')[1] === current?.id };
}

function toContext(source: string): Buffer {
  return Buffer.from(`sluice secret ${VERSION}\0${source}`);
}

function toKey(text: string): { readonly id: string; readonly bytes: Buffer } {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES) throw new TypeError(`A key has ${bytes.length} bytes, not ${KEY_BYTES}.`);
  const id = createHash('sha256').update('sluice key id\0').update(bytes).digest('base64url').slice(0, 8);
  return { id, bytes };
}
