import { z } from 'zod';
import { MAX_SCHEMA_VERSION } from './event.ts';

/** What a mapped field can be read as; `any` keeps the value as it is, objects and arrays too. */
export const FIELD_KINDS = ['string', 'number', 'integer', 'boolean', 'date', 'any'] as const;
export type FieldKind = (typeof FIELD_KINDS)[number];

/** The name of a field of a record: safe as a key in MongoDB and in JSON. */
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

const fieldNameSchema = z
  .string()
  .regex(FIELD_NAME, 'expected a letter or _, then letters, digits, _ and -, at most 64 in all')
  .refine((name) => name !== '__proto__', 'this name is reserved');

const pathSchema = z
  .string()
  .min(1)
  .max(256)
  .describe('Dot path in the payload, like price.gross or lines.0.sku; a dot in a key is written \\.');

const zoneSchema = z
  .string()
  .min(1)
  .max(64)
  .describe('Time zone of times that name none, like Europe/Berlin or +02:00.');

/** How one field of a record is found in a payload and read. */
const mappedFieldSchema = z
  .strictObject({
    from: z
      .union([pathSchema.transform((path) => [path]), z.array(pathSchema).min(1).max(16)])
      .describe('Where the field is, best first.'),
    as: z.enum(FIELD_KINDS).default('any').describe('What it is read as.'),
    required: z.boolean().default(false).describe('Whether an event without it is dead.'),
    default: z
      .union([z.string().max(1024), z.number(), z.boolean()])
      .optional()
      .describe('Its value where it is missing.'),
    formats: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(8)
      .optional()
      .describe('Date formats in the tokens of Luxon, like dd.MM.yyyy HH:mm, and seconds, millis or iso.'),
    zone: zoneSchema.optional(),
    decimal: z
      .enum(['.', ','])
      .optional()
      .describe('Which sign stands before decimals; the other separates thousands.'),
    blank: z
      .array(z.union([z.string().trim().min(1).max(64), z.number()]))
      .min(1)
      .max(16)
      .optional()
      .describe('Values that mean there is none, like n/a, 0000-00-00 or -999; texts in any case.'),
  })
  .refine(({ required, default: fallback }) => !required || fallback === undefined, {
    path: ['default'],
    message: 'a required field cannot have a default',
  })
  .refine(({ as, formats, zone }) => as === 'date' || (formats === undefined && zone === undefined), {
    path: ['as'],
    message: 'formats and zone are for dates: expected as: date',
  })
  .refine(({ as, decimal }) => decimal === undefined || as === 'number' || as === 'integer', {
    path: ['as'],
    message: 'decimal is for numbers: expected as: number or integer',
  });
export type MappedField = z.infer<typeof mappedFieldSchema>;

const fieldsSchema = z
  .record(fieldNameSchema, mappedFieldSchema)
  .refine((fields) => Object.keys(fields).length <= 200, 'expected at most 200 fields');

/** How the payloads of a source become records: a mapping document. */
export const mappingSchema = z
  .strictObject({
    type: z.string().min(1).max(128).describe('Type of the records.'),
    fields: fieldsSchema
      .refine((fields) => Object.keys(fields).length > 0, 'expected at least one field')
      .describe(
        'Fields of a record by name; one called timestamp, read as a date, is the time of the record.',
      ),
    versions: z
      .record(
        z.string().regex(/^[1-9]\d{0,4}$/, `expected a schema version, 1 to ${MAX_SCHEMA_VERSION}`),
        z.strictObject({ fields: fieldsSchema }),
      )
      .default({})
      .describe('Fields that stand elsewhere in payloads of a schema version.'),
    dedupe: z
      .strictObject({ fields: z.array(fieldNameSchema).min(1).max(32) })
      .optional()
      .describe('Fields that make two records the same; without it the whole payload does.'),
    subject: fieldNameSchema.optional().describe('Field that names what the record is about.'),
    keepUnknown: z
      .boolean()
      .default(true)
      .describe('Whether keys of the payload that no field uses are kept.'),
  })
  .check(({ value, issues }) => {
    const known = new Set(Object.keys(value.fields));
    const named = [
      ...(value.dedupe?.fields ?? []).map((name, index) => ({ name, path: ['dedupe', 'fields', index] })),
      ...(value.subject === undefined ? [] : [{ name: value.subject, path: ['subject'] }]),
      ...Object.entries(value.versions).flatMap(([version, { fields }]) =>
        Object.keys(fields).map((name) => ({ name, path: ['versions', version, 'fields', name] })),
      ),
    ];
    for (const { name, path } of named) {
      if (!known.has(name))
        issues.push({ code: 'custom', path, input: name, message: `there is no field ${name} under fields` });
    }
    const { timestamp } = value.fields;
    if (timestamp !== undefined && timestamp.as !== 'date') {
      issues.push({
        code: 'custom',
        path: ['fields', 'timestamp', 'as'],
        input: timestamp.as,
        message: 'expected date',
      });
    }
  });
export type Mapping = z.infer<typeof mappingSchema>;

/** What a revision of a mapping is for: one is tried as `draft`, used as `active`, kept as `retired`. */
export const MAPPING_STATES = ['draft', 'active', 'retired'] as const;
export type MappingState = (typeof MAPPING_STATES)[number];

/** A mapping of a source at one time. Revisions count from 1 and never change but for their state. */
export type MappingRevision = {
  readonly source: string;
  readonly revision: number;
  readonly state: MappingState;
  /** Who owns it: the sources file, or the api. */
  readonly owner: 'file' | 'api';
  readonly mapping: Mapping;
  readonly createdAt: Date;
  /** Who sent it, by the name of the key; absent where the file declares it. */
  readonly createdBy?: string;
  /** When it last became active, and by whom. */
  readonly activatedAt?: Date;
  readonly activatedBy?: string;
  /** When another took its place, or it was retired without one. */
  readonly retiredAt?: Date;
};

/** Events of a trial that ended alike: `events` names the first of them, the newest first. */
export type TrialGroup = {
  readonly code: string;
  readonly field: string | null;
  readonly count: number;
  /** Of the first; it never quotes the payload. */
  readonly message: string;
  readonly events: readonly string[];
};

/** What came of running a revision over the newest stored raw events of its source. */
export type MappingTrial = {
  readonly at: Date;
  readonly tried: number;
  /** Events that became a record. */
  readonly passed: number;
  readonly failed: number;
  /** Events that no mapping could read, because their bytes hold no payload. */
  readonly skipped: number;
  /** Of those that passed: whose record differs from what is stored, and who have none stored. */
  readonly changed: number;
  readonly added: number;
  /** Whether every stored event of the source was tried. */
  readonly isWhole: boolean;
  readonly failures: readonly TrialGroup[];
  readonly warnings: readonly TrialGroup[];
};

/** Why a revision was activated although no trial spoke for it. */
export type ForcedActivation = { readonly at: Date; readonly reason: string };

/** A revision as it is kept, with what is known of it. */
export type StoredMapping = MappingRevision & {
  readonly trial?: MappingTrial;
  readonly forced?: ForcedActivation;
};

/** A revision that another build wrote in a form which this one does not understand; `stored` is that form. */
export type ForeignMapping = Omit<StoredMapping, 'mapping'> & {
  readonly mapping: null;
  readonly stored: unknown;
};
