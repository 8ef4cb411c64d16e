import { z } from 'zod';
import {
  DEFAULT_COMPARED_PER_SECOND,
  MAX_COMPARED_PER_SECOND,
  MIN_COMPARED_PER_SECOND,
} from './full-sync-rate.ts';
import { OPERATION_STATES, type OperationState } from './operations.ts';

/** What a full sync does with the differences that it finds: `copy` mends them, `verify` only tells of them. */
export const FULL_SYNC_MODES = ['copy', 'verify'] as const;
export type FullSyncMode = (typeof FULL_SYNC_MODES)[number];

/** How a document differs: only on the primary, only on the backup, or on both with other bytes. */
export const DIFFERENCE_KINDS = ['missing', 'extra', 'unequal'] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/**
 * Which documents a full sync may delete from the backup: `none` at all when it started by itself; `few` = up to
 * 0.1 % of a collection; `all` when a person has confirmed it.
 */
export type FullSyncDeletes = 'none' | 'few' | 'all';

/** The share of a collection that may be deleted without a confirmation. */
export const MAX_DELETED_SHARE = 0.001;

/** How many differences of each kind a collection keeps as samples. */
export const MAX_SAMPLES = 20;

/** Of an `_id` as text, in characters. */
const MAX_ID_LENGTH = 1024;

/** How many documents can be named to be mended. */
const MAX_NAMED_IDS = 1000;

const count = z.number().int();
const at = z.string().describe('RFC 3339, UTC.');
const id = z
  .string()
  .min(1)
  .max(MAX_ID_LENGTH)
  .describe('The `_id` as canonical Extended JSON, like `"evt_5f"`.');

const WHOLE_NUMBER = /^(0|-?[1-9]\d{0,18})$/;
const NUMBER = /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$|^[+-]?(inf|infinity|nan)$/i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** One that is too large would be read as another number. */
function wholeNumber(bits: number): z.ZodType {
  return z
    .string()
    .refine((text) => WHOLE_NUMBER.test(text) && BigInt.asIntN(bits, BigInt(text)) === BigInt(text));
}

/** What an `_id` can be that is no plain JSON: the key of each form, and what stands in it. */
const ID_FORMS: Readonly<Record<string, z.ZodType>> = {
  $oid: z.string().regex(/^[0-9a-f]{24}$/i),
  $uuid: z.string().regex(/^[0-9a-f]{8}(-?)([0-9a-f]{4}\1){3}[0-9a-f]{12}$/i),
  $binary: z
    .strictObject({ base64: z.string().regex(BASE64), subType: z.string().regex(/^[0-9a-f]{1,2}$/i) })
    // Of the subtype 4 are UUIDs, which have 16 bytes.
    .refine(({ base64, subType }) => Number.parseInt(subType, 16) !== 4 || /^.{22}==$/.test(base64)),
  $date: z.union([
    z.string().refine((text) => !Number.isNaN(Date.parse(text))),
    z.strictObject({ $numberLong: wholeNumber(64) }),
  ]),
  $numberInt: wholeNumber(32),
  $numberLong: wholeNumber(64),
  $numberDouble: z.string().regex(NUMBER),
  $numberDecimal: z.string().regex(NUMBER),
};

/** What each database has for itself: never copied. */
export const OWN_COLLECTIONS: ReadonlySet<string> = new Set(['leases', 'resume_tokens', 'sync_failures']);

/** A value that an `_id` can have: no pattern and no operator, which would find other documents. */
function isId(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isId);
  const entries = Object.entries(value);
  const [[name, content] = ['', null]] = entries;
  if (entries.length === 1 && Object.hasOwn(ID_FORMS, name)) {
    return ID_FORMS[name]?.safeParse(content).success === true;
  }
  return entries.every(([key, inner]) => !key.startsWith('$') && isId(inner));
}

/** Asked of one that is too long, too, which is not read. */
function isIdText(text: string): boolean {
  try {
    return text.length <= MAX_ID_LENGTH && isId(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Tells whether documents of a collection are ever copied. */
export function isCopied(collection: string): boolean {
  return !OWN_COLLECTIONS.has(collection) && !collection.startsWith('system.');
}

/** An `_id` as a caller names it: Extended JSON without operators and patterns. */
export const idTextSchema = id.refine(isIdText, 'expected an _id as Extended JSON');

/** The body of `POST /api/sync/full`. */
export const fullSyncRequestSchema = z
  .strictObject({
    mode: z
      .enum(FULL_SYNC_MODES)
      .default('copy')
      .describe('`copy`: mend every difference; `verify`: only tell of them.'),
    confirmDeletes: z
      .boolean()
      .default(false)
      .describe(
        'Delete every document of the backup that the primary does not have. Without it up to 0.1 % of a collection are deleted; of more, none.',
      ),
    adoptDataset: z
      .boolean()
      .default(false)
      .describe('Make the backup one of this primary, although it was made from another dataset.'),
    only: z
      .strictObject({
        collection: z.string().min(1).max(255).refine(isCopied, 'it is never copied'),
        ids: z.array(idTextSchema).min(1).max(MAX_NAMED_IDS),
      })
      .optional()
      .describe(
        'Mend only these documents: they become what they are on the primary now. Those that it does not have are deleted with `confirmDeletes`, and left without it.',
      ),
    ratePerSecond: z
      .number()
      .int()
      .min(MIN_COMPARED_PER_SECOND)
      .max(MAX_COMPARED_PER_SECOND)
      .default(DEFAULT_COMPARED_PER_SECOND)
      .describe('Documents compared a second at most.'),
    reason: z.string().trim().min(1).max(500).describe('Why, for whoever reads it later.'),
  })
  .refine(({ mode, only }) => only === undefined || mode === 'copy', {
    path: ['only'],
    error: 'named documents can only be copied',
  });
export type FullSyncRequest = z.infer<typeof fullSyncRequestSchema>;

const differenceSchema = z
  .object({
    kind: z.enum(DIFFERENCE_KINDS),
    id,
    since: at.describe('When it was first seen, by this run or an earlier one.'),
    ageSeconds: count.describe('From then on until it was last seen.'),
  })
  .meta({ id: 'SyncDifference' });

const tallies = {
  compared: count.describe('Documents compared so far.'),
  total: count.describe('Documents there were at the start, about.'),
  missing: count.describe('Only on the primary.'),
  extra: count.describe('Only on the backup.'),
  unequal: count.describe('On both, with other bytes; a different order of keys counts.'),
  lagging: count.describe(
    'Differed, but were changed while it was looked at: on their way to the backup, no differences.',
  ),
  copied: count.describe('Missing and unequal ones that were handed over and are mended.'),
  deleted: count.describe('Extra ones that were deleted.'),
  kept: count.describe('Extra ones that were left, because nobody has confirmed that they may be deleted.'),
  refused: count.describe('Refused by the backup; they are tried again by the queue `sync`.'),
};

const collectionSchema = z
  .object({
    name: z.string(),
    state: z.enum(['waiting', 'comparing', 'done']),
    ...tallies,
    samples: z.array(differenceSchema).describe(`Up to ${MAX_SAMPLES} differences of each kind.`),
  })
  .meta({ id: 'SyncCollection' });
export type SyncCollection = z.infer<typeof collectionSchema>;

/** A full sync or a verification as the api shows it. */
export const fullSyncSchema = z
  .object({
    id: z.string(),
    mode: z.enum(FULL_SYNC_MODES),
    state: z.enum(OPERATION_STATES),
    stateReason: z.string().nullable().describe('Why it is paused, cancelled or failed.'),
    reason: z.string(),
    actor: z.string().describe('Who started it; `replicator` when it started by itself.'),
    deletes: z.enum(['none', 'few', 'all']).describe('What it may delete.'),
    adoptDataset: z.boolean(),
    ratePerSecond: z.number(),
    createdAt: at,
    startedAt: at.nullable(),
    endedAt: at.nullable(),
    phase: z
      .enum(['waiting', 'comparing', 'confirming', 'ended'])
      .describe('`confirming`: it waits until changes under way have arrived, and looks again.'),
    collection: z.string().nullable().describe('The collection that it is at.'),
    ...tallies,
    identical: z
      .boolean()
      .nullable()
      .describe('Whether the backup held the same as the primary; null until it is done.'),
    collections: z.array(collectionSchema),
    currentPerSecond: z.number().describe('Documents compared a second, lately.'),
    etaSeconds: count.nullable(),
    waitingFor: z.string().nullable().describe('What it waits for, like the backup.'),
    updatedAt: at.describe('As of when the numbers are.'),
  })
  .meta({ id: 'FullSync' });
export type FullSync = z.infer<typeof fullSyncSchema>;

/** The answer of `GET /api/sync/full`. */
export const fullSyncsSchema = z
  .object({
    current: fullSyncSchema.nullable().describe('The one that waits, runs or is paused.'),
    last: fullSyncSchema.nullable().describe('The newest of those that are over.'),
    lastVerifiedAt: at.nullable().describe('When one was last done with all collections.'),
  })
  .meta({ id: 'FullSyncs' });
export type FullSyncs = z.infer<typeof fullSyncsSchema>;

/** The numbers of one collection, or of all. */
export type FullSyncTally = { readonly [Name in keyof typeof tallies]: number };

/** A tally of nothing. */
export const NO_TALLY: FullSyncTally = {
  ...{ compared: 0, total: 0, missing: 0, extra: 0, unequal: 0 },
  ...{ lagging: 0, copied: 0, deleted: 0, kept: 0, refused: 0 },
};

/** A difference as an operation keeps it; `seenAt` is when it was last seen. */
export type KeptDifference = {
  readonly kind: DifferenceKind;
  readonly id: string;
  readonly since: Date;
  readonly seenAt: Date;
};

/** How far a collection is. */
export type CollectionProgress = FullSyncTally & {
  readonly name: string;
  readonly state: SyncCollection['state'];
  /** The backup had nothing of it at the start, so that what is missing there is no lag. */
  readonly isFresh: boolean;
  readonly samples: readonly KeptDifference[];
};

/** A full sync as `operations` holds it. */
export type FullSyncDocument = {
  readonly _id: string;
  readonly tenant: string;
  readonly kind: 'fullSync';
  /** Which primary it was asked of; missing where that had no name yet. */
  readonly origin?: string;
  readonly state: OperationState;
  readonly stateReason: string | null;
  readonly mode: FullSyncMode;
  readonly deletes: FullSyncDeletes;
  readonly adoptDataset: boolean;
  readonly only: { readonly collection: string; readonly ids: readonly string[] } | null;
  readonly ratePerSecond: number;
  readonly reason: string;
  readonly actor: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly phase: FullSync['phase'];
  readonly collections: readonly CollectionProgress[];
  /** Where to go on in the collection that is `comparing`: the BSON of `{_id}`, inclusive; null = its beginning. */
  readonly position: Uint8Array | null;
  readonly currentPerSecond: number;
  readonly waitingFor: string | null;
  readonly updatedAt: Date;
  /** The lease of whoever ran it last: an earlier holder has no say any more. */
  readonly fence: number;
};
