import { z } from 'zod';
import { listOf, pageSchema } from './api.ts';
import { SOURCE_ID_PATTERN } from './event.ts';
import { ROLES, type Role } from './roles.ts';

// The page takes the roles from a file of their own, without the schemas and the library that these need.
export { mayActAs, ROLES, type Role } from './roles.ts';

/** Who makes a request, as a checked key or session tells. */
export type Caller = {
  /** Every query and every write carries it. */
  readonly tenant: string;
  readonly role: Role;
  /** What the audit log calls the caller: the name of its key. */
  readonly name: string;
  /** The public part of the key, of a session that of the key behind it; null where nobody is asked (`AUTH=off`). */
  readonly keyId: string | null;
  /** The only sources for which it may send; null = all of its tenant. */
  readonly sources: readonly string[] | null;
};

/** A key is given to a program or a person; a session is what a browser gets for one, for a while. */
const KEY_KINDS = ['key', 'session'] as const;
type KeyKind = (typeof KEY_KINDS)[number];

/** Who holds a key that was checked and is in force. */
export type KeyHolder = {
  readonly caller: Caller;
  readonly kind: KeyKind;
  readonly expiresAt: Date | null;
};

/**
 * Checks a key as it was presented; null when it is nobody's, has expired or was revoked. Answers at once where it can.
 * Throws or rejects with DependencyAwayError when nobody can say.
 */
export type CheckKey = (presented: string) => KeyHolder | null | Promise<KeyHolder | null>;

/** The public part of a key, by which it is listed, revoked and looked up. */
export const KEY_ID_PATTERN = /^slk_[0-9A-Za-z]{12}$/;

/** A whole key: the public part, `_`, and 32 random bytes as base64url. */
export const API_KEY_PATTERN = /^slk_[0-9A-Za-z]{12}_[0-9A-Za-z_-]{43}$/;

/** A key as the stores keep it, without a way back to the key itself. */
export const keyRecordSchema = z.object({
  id: z.string(),
  /** The sha256 of the whole key, in hex. */
  hash: z.string(),
  tenant: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  sources: z.array(z.string()).nullable(),
  kind: z.enum(KEY_KINDS),
  /** The key that a session stands for. */
  parent: z.string().nullable(),
  expiresAt: z.coerce.date().nullable(),
  revokedAt: z.coerce.date().nullable(),
});
export type KeyRecord = Readonly<z.infer<typeof keyRecordSchema>>;

const TIME = 'RFC 3339, UTC.';
const sourceList = z.array(z.string().regex(SOURCE_ID_PATTERN)).min(1).max(100);

/** A key as lists show it: never its secret. */
export const apiKeySchema = z
  .object({
    id: z.string().describe('The public part of the key, which it begins with.'),
    name: z.string(),
    role: z.enum(ROLES),
    sources: z.array(z.string()).nullable().describe('The only sources for which it may send; null = all.'),
    createdAt: z.string().describe(TIME),
    createdBy: z.string(),
    expiresAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
    lastUsedAt: z.string().nullable().describe('To the minute.'),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKeySchema>;

export const apiKeyListSchema = listOf(apiKeySchema);

/** What a new key shall be. */
export const newApiKeySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\p{L}\p{N}\p{P}\p{S} ]{1,64}$/u, 'expected 1 to 64 printable characters')
      .describe('Whose it is, or what for; the audit log shows it.'),
    role: z.enum(ROLES),
    sources: sourceList
      .optional()
      .describe('The only sources for which a `sender` may send; left out = all.'),
    expiresAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('When it stops working; left out = never.'),
  })
  .refine(({ role, sources }) => sources === undefined || role === 'sender', {
    path: ['sources'],
    message: 'only for the role sender',
  });

/** A key that was just made: the only answer that holds it whole. */
export const createdApiKeySchema = apiKeySchema
  .extend({ key: z.string().describe('The whole key; it is shown this once.') })
  .meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>;

export const apiKeyQuerySchema = pageSchema;
export type ApiKeyQuery = z.infer<typeof apiKeyQuerySchema>;

export const apiKeyParamsSchema = z.object({
  id: z.string().regex(KEY_ID_PATTERN).describe('The public part of the key.'),
});

export const signInSchema = z.strictObject({ key: z.string().max(256).describe('An API key.') });

/** Who is signed in. */
export const sessionSchema = z
  .object({
    tenant: z.string(),
    name: z.string().describe('The name of the key.'),
    role: z.enum(ROLES),
    keyId: z
      .string()
      .nullable()
      .describe('The public part of the key; null where nobody is asked (`AUTH=off`).'),
    sources: z.array(z.string()).nullable(),
    expiresAt: z.string().nullable().describe('When the session ends, or the key.'),
    simulatesFailures: z
      .boolean()
      .describe('Whether senders may ask for simulated failures here (`FAILURE_SIMULATION`).'),
  })
  .meta({ id: 'Session' });
export type SessionAnswer = z.infer<typeof sessionSchema>;
