import { z } from 'zod';
import { DEFAULT_TENANT, MAX_SCHEMA_VERSION, SOURCE_ID_PATTERN } from './event.ts';
import { mappingSchema } from './mapping.ts';

/** No provider's secret is longer, and encrypted it must still fit where it is stored. */
const secretValue = z.string().min(1).max(4096);

/** A secret: its value, or the name of the environment variable that holds it. */
const secretRefSchema = z.union([
  z.strictObject({ value: secretValue }),
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
]);
export type SecretRef = z.infer<typeof secretRefSchema>;

/** A secret of a sender, which may end. */
const expiresAt = z.iso.datetime().optional();
const secretSchema = z.union([
  z.strictObject({ value: secretValue, expiresAt }),
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), expiresAt }),
]);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'expected the name of a header')
  .transform((name) => name.toLowerCase());

const toleranceSeconds = z
  .number()
  .int()
  .min(1)
  .max(86_400)
  .default(300)
  .describe('How far the signed time may lie before or after ours, in seconds.');

/** Signs with an HMAC in a header, in whatever way. */
const hmacSchema = z
  .strictObject({
    type: z.literal('hmac'),
    header: headerName.describe('Header that holds the signature.'),
    hash: z.enum(['sha1', 'sha256', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64', 'base64url']).default('hex'),
    prefix: z.string().max(64).default('').describe('What stands before the signature, like sha256=.'),
    content: z
      .string()
      .max(256)
      .default('{body}')
      .refine((template) => template.split('{body}').length === 2, 'expected {body} exactly once')
      .describe(
        'What is signed: {body}, {timestamp} (from timestampHeader), {header:name}, and text around them.',
      ),
    timestampHeader: headerName
      .optional()
      .describe('Header that holds the signed time, epoch seconds or millis.'),
    toleranceSeconds,
    keyHeader: headerName.optional().describe('Header that holds the id of the delivery.'),
    typeHeader: headerName.optional().describe('Header that holds the type of the event.'),
  })
  .check(({ value: { content, timestampHeader }, issues }) => {
    const signsTime =
      content.includes('{timestamp}') || content.toLowerCase().includes(`{header:${timestampHeader}}`);
    // A time that the signature does not cover could be changed by whoever repeats a request.
    if (timestampHeader !== undefined && !signsTime) {
      const message = 'expected {timestamp}, because there is a timestampHeader';
      issues.push({ code: 'custom', path: ['content'], input: content, message });
    }
    if (timestampHeader === undefined && content.includes('{timestamp}')) {
      const message = 'expected the header that holds {timestamp}';
      issues.push({ code: 'custom', path: ['timestampHeader'], input: timestampHeader, message });
    }
  });

const schemeFormSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('basic') }),
  z.strictObject({ type: z.literal('api-key'), header: headerName.default('x-api-key') }),
  hmacSchema,
  z.strictObject({ type: z.literal('standard-webhooks'), toleranceSeconds }),
  z.strictObject({ type: z.literal('github') }),
  z.strictObject({ type: z.literal('stripe'), toleranceSeconds }),
  z.strictObject({ type: z.literal('shopify') }),
  z.strictObject({ type: z.literal('slack'), toleranceSeconds }),
]);

/** Schemes that need no options, by name alone. */
const SIMPLE_SCHEMES = [
  'none',
  'basic',
  'api-key',
  'standard-webhooks',
  'github',
  'stripe',
  'shopify',
  'slack',
] as const;

const schemeSchema = z.union([
  z
    .enum(SIMPLE_SCHEMES)
    .transform((type): z.infer<typeof schemeFormSchema> => schemeFormSchema.parse({ type })),
  schemeFormSchema,
]);

/** How the requests of a sender are signed, with its options. */
export type SchemeOptions = z.infer<typeof schemeSchema>;

const common = {
  id: z
    .string()
    .regex(SOURCE_ID_PATTERN, 'expected 1 to 64 of A-Z a-z 0-9 _ . -')
    .describe('Name of the source, unique across tenants.'),
  tenant: z.string().min(1).max(64).default(DEFAULT_TENANT).describe('Who owns the source.'),
  type: z.string().min(1).max(128).optional().describe('Type of its events, where they name none.'),
  schemaVersion: z
    .number()
    .int()
    .min(1)
    .max(MAX_SCHEMA_VERSION)
    .default(1)
    .describe('Schema version of events that name none.'),
  mapping: mappingSchema.optional().describe('How its payloads become records; else by their names.'),
};

/** Media types that a sender may be allowed: JSON, HTML forms, any other as text or bytes. */
const BODY_KINDS = ['json', 'form', 'text'] as const;

/** A source that sends us events. */
export const pushSourceSchema = z.strictObject({
  ...common,
  kind: z.literal('push'),
  scheme: schemeSchema.default({ type: 'none' }).describe('How its requests are signed.'),
  secrets: z.array(secretSchema).max(8).default([]).describe('Secrets, several while one is rotated out.'),
  bodies: z
    .array(z.enum(BODY_KINDS))
    .min(1)
    .default(['json'])
    .describe('What its webhooks may hold; a form becomes an object, text stays a string.'),
  rateLimit: z
    .strictObject({
      perSecond: z.number().min(0.001).max(1_000_000),
      burst: z.number().int().min(1).max(1_000_000).optional(),
    })
    .optional()
    .describe('Events per second that it may send on average, and at once (default: those of one second).'),
  ceSource: z.string().min(1).max(1024).optional().describe('The `source` of its CloudEvents.'),
});
export type PushSource = z.infer<typeof pushSourceSchema>;

const paramName = z.string().min(1).max(64);
const recordPath = z.string().min(1).max(256);
const PATH_NOTE = 'names with dots between them, \\. for a dot in a name';

const cursorSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('timestamp'),
    param: paramName.describe('Query parameter that carries the cursor.'),
    path: recordPath.describe(`Path of a record's cursor value: ${PATH_NOTE}; a column of CSV.`),
    lookback: z.number().min(0).max(86_400).default(60).describe('Seconds that every run reads again.'),
  }),
  z.strictObject({
    kind: z.literal('id'),
    param: paramName.describe('Query parameter that carries the highest id that was read.'),
    path: recordPath.describe(
      `Path of the id, which rises from record to record: ${PATH_NOTE}; a column of CSV.`,
    ),
    lookback: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe(
        'How many numeric ids every run reads again, for those that become visible late (default 0).',
      ),
  }),
  z.strictObject({
    kind: z.literal('page'),
    param: paramName.describe('Query parameter of the page number.'),
    first: z.number().int().min(0).max(1).default(1).describe('Number of the first page.'),
  }),
  z.strictObject({
    kind: z.literal('link'),
    path: recordPath
      .optional()
      .describe(
        `Path of the next address in the answer: ${PATH_NOTE}; without it the Link header with rel="next".`,
      ),
    resume: z
      .enum(['last', 'first'])
      .optional()
      .describe(
        'Page that the next run begins with: the last (default; new records come last) or the first.',
      ),
  }),
]);
export type PollCursor = z.infer<typeof cursorSchema>;

const authSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), header: headerName, secret: secretRefSchema }),
  z.strictObject({ type: z.literal('basic'), username: z.string().min(1).max(256), secret: secretRefSchema }),
  z.strictObject({ type: z.literal('bearer'), secret: secretRefSchema }),
]);
export type PollAuth = z.infer<typeof authSchema>;

/** A legacy system that we poll. */
export const pollSourceSchema = z.strictObject({
  ...common,
  kind: z.literal('poll'),
  url: z.url({ protocol: /^https?$/ }).describe('Where to fetch records.'),
  allowPrivate: z.boolean().default(false).describe('Allows a private or loopback address.'),
  schedule: z.string().min(9).max(512).describe('Cron expression with seconds: six fields.'),
  auth: authSchema.optional().describe('What is sent to be let in.'),
  format: z.enum(['json', 'ndjson', 'csv']).default('json').describe('How an answer is written.'),
  delimiter: z
    .string()
    .regex(/^[^"\r\n]$/, 'expected one character, and neither a quote nor the end of a line')
    .default(',')
    .describe('What separates the fields of CSV.'),
  recordsPath: z
    .string()
    .default('')
    .describe(`Path of the array of records in a JSON answer: ${PATH_NOTE}; empty: the answer.`),
  idPath: recordPath.describe(`Path of a record's id: ${PATH_NOTE}; a column of CSV.`),
  versionPath: recordPath
    .optional()
    .describe(`Path of a record's version: ${PATH_NOTE}; a column of CSV. Else the cursor value.`),
  cursor: cursorSchema.describe('How the next records are asked for.'),
  pageParam: paramName.optional().describe('Query parameter of the page number, from 1.'),
  limitParam: paramName
    .optional()
    .describe(
      'Query parameter of the page size. Without pageParam the oldest change, or the lowest id, must come first.',
    ),
  pageSize: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Records of a page; asked for with limitParam, so no more than the source grants at once.'),
});
export type PollSource = z.infer<typeof pollSourceSchema>;

/** A source as it is declared. */
export const sourceSchema = z.discriminatedUnion('kind', [pushSourceSchema, pollSourceSchema]);
export type Source = z.infer<typeof sourceSchema>;

const sealed = z.string().min(1).max(32_768).describe('The value, encrypted with SECRETS_KEY.');

/** A secret as it is stored: encrypted, or by the name of the variable that holds it. */
const storedSecretRefSchema = z.union([
  z.strictObject({ sealed }),
  z.strictObject({ env: z.string().min(1) }),
]);
export type StoredSecretRef = z.infer<typeof storedSecretRefSchema>;
const storedSecretSchema = z.union([
  z.strictObject({ sealed, expiresAt }),
  z.strictObject({ env: z.string().min(1), expiresAt }),
]);
export type StoredSecret = z.infer<typeof storedSecretSchema>;

const [headerAuth, basicAuth, bearerAuth] = authSchema.options;
const storedAuthSchema = z.discriminatedUnion('type', [
  headerAuth.extend({ secret: storedSecretRefSchema }),
  basicAuth.extend({ secret: storedSecretRefSchema }),
  bearerAuth.extend({ secret: storedSecretRefSchema }),
]);

/**
 * A source as it leaves the process that was told of it: no secret is readable, and its mapping is kept apart, with
 * its revisions.
 */
export const storedSourceSchema = z.discriminatedUnion('kind', [
  pushSourceSchema.omit({ mapping: true }).extend({ secrets: z.array(storedSecretSchema).max(8) }),
  pollSourceSchema.omit({ mapping: true }).extend({ auth: storedAuthSchema.optional() }),
]);
export type StoredSource = z.infer<typeof storedSourceSchema>;

/** The sources file that is read when `SOURCES_FILE` names none; only this one may be missing. */
export const DEFAULT_SOURCES_FILE = 'sluice.sources.yaml';

/** A sources file (`SOURCES_FILE`). */
export const sourcesFileSchema = z.strictObject({ sources: z.array(sourceSchema) });
