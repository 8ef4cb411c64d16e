import { z } from 'zod';
import { DEFAULT_TENANT, MAX_SCHEMA_VERSION, SOURCE_ID_PATTERN } from './event.ts';

/** A secret of a source: its value, or the name of the environment variable that holds it. */
const secretSchema = z.union([
  z.strictObject({ value: z.string().min(1), expiresAt: z.iso.datetime().optional() }),
  z.strictObject({
    env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
    expiresAt: z.iso.datetime().optional(),
  }),
]);

const common = {
  id: z.string().regex(SOURCE_ID_PATTERN).describe('Name of the source, unique across tenants.'),
  tenant: z.string().min(1).max(64).default(DEFAULT_TENANT).describe('Who owns the source.'),
  type: z.string().min(1).max(128).optional().describe('Type of its events, where they name none.'),
  schemaVersion: z
    .number()
    .int()
    .min(1)
    .max(MAX_SCHEMA_VERSION)
    .default(1)
    .describe('Schema version of events that name none.'),
};

/** A source that sends us events. */
export const pushSourceSchema = z.strictObject({
  ...common,
  kind: z.literal('push'),
  scheme: z.enum(['none', 'github']).default('none').describe('How its requests are signed.'),
  secrets: z.array(secretSchema).max(8).default([]).describe('Secrets, several while one is rotated out.'),
});
export type PushSource = z.infer<typeof pushSourceSchema>;

/** A legacy system that we poll. */
export const pollSourceSchema = z.strictObject({
  ...common,
  kind: z.literal('poll'),
  url: z.url({ protocol: /^https?$/ }).describe('Where to fetch records.'),
  allowPrivate: z.boolean().default(false).describe('Allows a private or loopback address.'),
  schedule: z.string().min(9).describe('Cron expression with seconds.'),
  format: z.literal('json').default('json'),
  recordsPath: z
    .string()
    .default('')
    .describe('Path of the array of records in the answer; empty: the answer.'),
  idPath: z.string().min(1).describe("Path of a record's id."),
  versionPath: z.string().optional().describe("Path of a record's version; else the cursor value."),
  cursor: z.strictObject({
    kind: z.literal('timestamp'),
    param: z.string().min(1).describe('Query parameter that carries the cursor.'),
    path: z.string().min(1).describe("Path of a record's cursor value."),
    lookback: z.number().min(0).max(86_400).default(60).describe('Seconds that every run reads again.'),
  }),
  pageParam: z.string().optional().describe('Query parameter of the page number, from 1.'),
  limitParam: z.string().optional().describe('Query parameter of the page size.'),
  pageSize: z.number().int().min(1).max(10_000).default(100),
});
export type PollSource = z.infer<typeof pollSourceSchema>;

/** A source as it is declared. */
export const sourceSchema = z.discriminatedUnion('kind', [pushSourceSchema, pollSourceSchema]);
export type Source = z.infer<typeof sourceSchema>;

/** The sources file that is read when `SOURCES_FILE` names none; only this one may be missing. */
export const DEFAULT_SOURCES_FILE = 'sluice.sources.yaml';

/** A sources file (`SOURCES_FILE`). */
export const sourcesFileSchema = z.strictObject({ sources: z.array(sourceSchema) });
