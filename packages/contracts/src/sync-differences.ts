import { z } from 'zod';
import { DIFFERENCE_KINDS, FULL_SYNC_MODES, idTextSchema, isCopied } from './full-sync.ts';
import type { Role } from './roles.ts';

const count = z.number().int();
const at = z.string().describe('RFC 3339, UTC.');

const foundDifferenceSchema = z
  .object({
    kind: z.enum(DIFFERENCE_KINDS),
    id: z.string().describe('The `_id` as canonical Extended JSON.'),
    since: at.describe('When it was first seen, by this run or an earlier one.'),
    ageSeconds: count.describe('From then until it was mended, or until now.'),
    mendedAt: at
      .nullable()
      .describe('When it was made what the primary has; null = as far as is known it was not.'),
  })
  .meta({ id: 'FoundDifference' });
export type FoundDifference = z.infer<typeof foundDifferenceSchema>;

const differingCollectionSchema = z
  .object({
    name: z.string(),
    compared: count,
    missing: count.describe('Only on the primary.'),
    extra: count.describe('Only on the backup.'),
    unequal: count.describe('On both, with other bytes.'),
    differences: z.array(foundDifferenceSchema).describe('Up to 20 of each kind.'),
  })
  .meta({ id: 'DifferingCollection' });
export type DifferingCollection = z.infer<typeof differingCollectionSchema>;

/** The answer of `GET /api/sync/differences`. */
export const syncDifferencesSchema = z
  .object({
    run: z
      .object({
        id: z.string(),
        mode: z.enum(FULL_SYNC_MODES),
        actor: z.string(),
        reason: z.string(),
        startedAt: at.nullable(),
        endedAt: at.nullable(),
        compared: count,
        lagging: count.describe('Documents that changed all the time: on their way, no differences.'),
      })
      .nullable()
      .describe('The last comparison that went through all collections; null when there was none.'),
    collections: z.array(differingCollectionSchema).describe('Those in which it found differences.'),
  })
  .meta({ id: 'SyncDifferences' });
export type SyncDifferences = z.infer<typeof syncDifferencesSchema>;

/** The query of `GET /api/sync/differences/document`. */
export const comparedDocumentQuerySchema = z.strictObject({
  collection: z
    .string()
    .min(1)
    .max(255)
    .refine(isCopied, 'it is never copied')
    .describe('The collection that it is in.'),
  id: idTextSchema.describe('The `_id` as canonical Extended JSON, like `"evt_5f"`.'),
});

const comparedFieldSchema = z
  .object({
    path: z
      .string()
      .describe('Where it is, its parts joined by dots; `(document)` = all of one with too many fields.'),
    primary: z
      .string()
      .nullable()
      .describe(
        'Its value as text, cut when it is long; null = absent. Of one with too many values in it only how many there are.',
      ),
    backup: z.string().nullable(),
    differs: z.boolean(),
    hidden: z.boolean().describe('It is a secret: whether it differs is told, what it is not.'),
  })
  .meta({ id: 'ComparedField' });
export type ComparedField = z.infer<typeof comparedFieldSchema>;

/** The answer of `GET /api/sync/differences/document`. */
export const comparedDocumentSchema = z
  .object({
    collection: z.string(),
    id: z.string(),
    readAt: at.describe('When both sides were read.'),
    onPrimary: z.boolean(),
    onBackup: z.boolean(),
    equal: z.boolean().describe('Whether both sides hold the same bytes, or neither has it.'),
    orderDiffers: z.boolean().describe('Every field is equal, but they stand in another order.'),
    fields: z
      .array(comparedFieldSchema)
      .describe('Up to 300; those that differ come before others are left out.'),
    fieldCount: count.describe('How many fields there are in all.'),
  })
  .meta({ id: 'ComparedDocument' });
export type ComparedDocument = z.infer<typeof comparedDocumentSchema>;

/** A document of both sides, as a replicator answers; `tenants` are those that it names on either side. */
export type LookedAt = Omit<ComparedDocument, 'collection' | 'id' | 'readAt' | 'fields'> & {
  readonly fields: readonly ComparedField[];
  readonly readAt: Date;
  readonly tenants: readonly string[];
};

/** What a replicator says when it is asked for a document of both sides; `away` = that side does not answer. */
export type LookAnswer =
  | ({ readonly kind: 'found' } & LookedAt)
  | { readonly kind: 'away'; readonly side: 'primary' | 'backup' };

/**
 * Collections whose documents a viewer reads elsewhere, too, and that name the tenant they belong to: one that names
 * none, like a mapping, would be shown to viewers of another one. Keys and the audit log are for admins all the same.
 */
const READ_BY_VIEWERS: ReadonlySet<string> = new Set([
  ...['raw_events', 'normalized_events', 'latest', 'rollups', 'outcomes'],
  ...['inbox', 'rejections', 'sources', 'operations'],
]);

/** Returns the least role that may look into documents of a collection. */
export function toLookRole(collection: string): Role {
  return READ_BY_VIEWERS.has(collection) ? 'viewer' : 'admin';
}
