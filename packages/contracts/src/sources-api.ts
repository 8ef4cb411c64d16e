import { z } from 'zod';
import { anyJson, derivation, listOf } from './api.ts';
import { MAX_SCHEMA_VERSION, SOURCE_ID_PATTERN } from './event.ts';
import { MAPPING_STATES, mappingSchema } from './mapping.ts';
import { POLL_OUTCOMES } from './poll.ts';
import { pollSourceSchema, pushSourceSchema } from './source.ts';
import { wholeNumber } from './whole-number.ts';

/** A stored secret, as an answer shows it; sent back, it is kept. `index` is its place in the list. */
const keptSecretSchema = z.strictObject({
  set: z.literal(true),
  index: z.number().int().min(0).max(7).describe('Which of the stored secrets, from 0.'),
  expiresAt: z.iso.datetime().optional(),
});

const keptSecretRefSchema = z.strictObject({ set: z.literal(true) });

const pushSecretSchema = pushSourceSchema.shape.secrets.unwrap().element;
const [headerAuth, basicAuth, bearerAuth] = pollSourceSchema.shape.auth.unwrap().options;
const pollSecretSchema = z.union([...bearerAuth.shape.secret.options, keptSecretRefSchema]);

/** A source as it is sent to the api: as in the sources file, but for its tenant and its mapping. */
export const sourceBodySchema = z.discriminatedUnion('kind', [
  pushSourceSchema.omit({ tenant: true, mapping: true }).extend({
    secrets: z
      .array(z.union([...pushSecretSchema.options, keptSecretSchema]))
      .max(8)
      .default([])
      .describe('Secrets, several while one is rotated out; one as an answer shows it is kept.'),
  }),
  pollSourceSchema.omit({ tenant: true, mapping: true }).extend({
    auth: z
      .discriminatedUnion('type', [
        headerAuth.extend({ secret: pollSecretSchema }),
        basicAuth.extend({ secret: pollSecretSchema }),
        bearerAuth.extend({ secret: pollSecretSchema }),
      ])
      .optional()
      .describe('What is sent to be let in; a secret as an answer shows it is kept.'),
  }),
]);
export type SourceBody = z.infer<typeof sourceBodySchema>;

export const sourceParamsSchema = z.object({
  id: z.string().regex(SOURCE_ID_PATTERN).describe('Name of the source.'),
});
export const revisionParamsSchema = sourceParamsSchema.extend({
  revision: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .describe('Number of a revision, from 1.'),
});

export const ifMatchSchema = z.looseObject({
  'if-match': z.string().max(64).optional().describe('The `ETag` of the source that is to be changed.'),
});

const ownerSchema = z.enum(['file', 'api']);

export const sourceItemSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['push', 'poll']),
    owner: ownerSchema.describe('`file`: only the sources file changes it.'),
    active: z.boolean(),
    paused: z.boolean(),
    revision: z.number().int().describe('Rises by one with every change; the `ETag`.'),
    updatedAt: z.string(),
    mappingRevision: z.number().int().nullable().describe('The active mapping; null: none.'),
    source: z
      .record(z.string(), anyJson)
      .describe('As it is declared; secrets are only named, or shown as set.'),
  })
  .meta({ id: 'Source' });
export type SourceItem = z.infer<typeof sourceItemSchema>;

/** One run of polling a source, as the api shows it. */
export const pollRunSchema = z
  .object({
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    outcome: z.enum(POLL_OUTCOMES),
    manual: z.boolean().describe('Whether a person asked for it.'),
    pages: z.number().int(),
    records: z.number().int(),
    accepted: z.number().int(),
    duplicates: z.number().int(),
    rejected: z
      .number()
      .int()
      .describe('Records that could not be taken; the first 1,000 are among the rejections of the source.'),
    problems: z.object({ count: z.number().int(), first: z.array(z.string()) }),
    cursorBefore: z.string().nullable(),
    cursorAfter: z.string().nullable(),
    scheduler: z.string(),
    error: z.string().nullable(),
    waitingUntil: z
      .string()
      .nullable()
      .describe(
        'Until when the source asked us to wait by the end of the run, whatever came of it; else null.',
      ),
  })
  .meta({ id: 'PollRun' });

export const sourceDetailSchema = sourceItemSchema
  .extend({
    polling: z
      .object({
        nextRunAt: z.string().nullable().describe('Null while it is paused or not active.'),
        lagSeconds: z
          .number()
          .nullable()
          .describe('Seconds since the last run that read everything began; null: there was none.'),
        waitingUntil: z
          .string()
          .nullable()
          .describe(
            'Until when it is left alone because it asked for that. Null after any change of it, although one of the secret alone does not end the wait.',
          ),
        runs: z.array(pollRunSchema).describe('The last ones, newest first.'),
      })
      .nullable()
      .describe('Null for a source that sends to us.'),
  })
  .meta({ id: 'SourceDetail' });
export type SourceDetail = z.infer<typeof sourceDetailSchema>;

/** The largest page of sources and of mapping revisions, which are larger than what other lists hold. */
export const MAX_SOURCE_LIMIT = 500;

const pageSize = wholeNumber(1, MAX_SOURCE_LIMIT).default(50).describe('How many items at most.');
const cursor = z.string().max(512).optional().describe('`nextCursor` of the page before.');
export const sourcePageSchema = z.strictObject({ limit: pageSize, cursor });
export const sourceListSchema = listOf(sourceItemSchema);

export const pollQueuedSchema = z
  .object({ source: z.string(), queued: z.literal(true) })
  .meta({ id: 'PollQueued' });

const trialGroupSchema = z.object({
  code: z.string(),
  field: z.string().nullable(),
  count: z.number().int(),
  message: z.string().describe('Of the first; it never quotes a payload.'),
  events: z.array(z.string()).describe('The first of them, newest first.'),
});

const mappingTrialSchema = z
  .object({
    at: z.string(),
    tried: z.number().int(),
    passed: z.number().int(),
    failed: z.number().int(),
    skipped: z.number().int().describe('Events whose bytes hold no payload, whatever the mapping.'),
    changed: z.number().int().describe('Of those that passed: their record would be another than is stored.'),
    added: z.number().int().describe('Of those that passed: no record is stored.'),
    isWhole: z.boolean().describe('Whether every stored event of the source was tried.'),
    failures: z.array(trialGroupSchema),
    warnings: z.array(trialGroupSchema),
  })
  .meta({ id: 'MappingTrial' });
export type TrialAnswer = z.infer<typeof mappingTrialSchema>;

export const mappingRevisionSchema = z
  .object({
    source: z.string(),
    revision: z.number().int(),
    state: z.enum(MAPPING_STATES),
    owner: ownerSchema,
    mapping: z.record(z.string(), anyJson),
    unusable: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .nullable()
      .describe(
        'What of it this build does not understand, because another one wrote it: `mapping` is then shown as it is stored, and workers of this build park the events of its source while it is active. Null: all is understood.',
      ),
    createdAt: z.string(),
    createdBy: z.string().nullable().describe('Name of the key that sent it; null: the sources file.'),
    activatedAt: z.string().nullable().describe('When it last became active.'),
    activatedBy: z
      .string()
      .nullable()
      .describe('Name of the key that made it active; null: nobody yet, or the sources file.'),
    retiredAt: z
      .string()
      .nullable()
      .describe('When another revision took its place, or it was retired without one.'),
    trial: mappingTrialSchema.nullable().describe('The last trial.'),
    forced: z.object({ at: z.string(), reason: z.string() }).nullable(),
  })
  .meta({ id: 'MappingRevision' });
export type RevisionAnswer = z.infer<typeof mappingRevisionSchema>;

export const revisionListSchema = listOf(mappingRevisionSchema);

/** Events of a trial that names no number. */
export const TRIAL_EVENTS = 100;

export const trialBodySchema = z.strictObject({
  count: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(TRIAL_EVENTS)
    .describe('How many of the newest stored events.'),
});

export const activationBodySchema = z
  .strictObject({
    force: z.boolean().default(false).describe('Activates it although no clean trial speaks for it.'),
    reason: z
      .string()
      .min(3)
      .max(500)
      .optional()
      .describe('Why; needed with `force`, kept with the revision.'),
  })
  .refine(({ force, reason }) => !force || reason !== undefined, {
    path: ['reason'],
    message: 'needed with force',
  });

export const dryRunBodySchema = z
  .strictObject({
    mapping: mappingSchema.optional().describe('The mapping to try; or `source` and `revision`.'),
    source: z.string().regex(SOURCE_ID_PATTERN).optional().describe('Whose payload it is: a declared one.'),
    revision: z.number().int().min(1).optional().describe('Which revision; without it the active one.'),
    payload: anyJson.describe('Any JSON value.'),
    schemaVersion: z
      .number()
      .int()
      .min(1)
      .max(MAX_SCHEMA_VERSION)
      .optional()
      .describe('Which the payload is of; by default that of the source, else 1.'),
  })
  .refine(
    ({ mapping, source, revision }) =>
      mapping === undefined ? source !== undefined : revision === undefined,
    {
      message: 'expected either mapping, or source and revision',
    },
  );

export const dryRunSchema = z
  .object({
    ok: z.boolean(),
    record: z
      .object({
        type: z.string(),
        subject: z.string().nullable(),
        timestamp: z.string().nullable(),
        data: anyJson,
        schemaVersion: z.number().int(),
        mappingRevision: z.number().int().nullable(),
        normalizedHash: z.string(),
      })
      .nullable(),
    ...derivation,
    errors: z.array(z.object({ code: z.string(), field: z.string().nullable(), detail: z.string() })),
  })
  .meta({ id: 'DryRun' });
export type DryRun = z.infer<typeof dryRunSchema>;
