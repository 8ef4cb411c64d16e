import { ProblemException } from '@sluice/contracts/errors';
import { mappingSchema, type StoredMapping } from '@sluice/contracts/mapping';
import {
  activationBodySchema,
  dryRunBodySchema,
  dryRunSchema,
  mappingRevisionSchema,
  revisionListSchema,
  revisionParamsSchema,
  sourcePageSchema,
  sourceParamsSchema,
  TRIAL_EVENTS,
  trialBodySchema,
} from '@sluice/contracts/sources-api';
import { findRoundedNumbers } from '@sluice/normalizer/rounded-number';
import type { TrialWorkers } from '@sluice/normalizer/trial-normalizer';
import { checkMapping } from '@sluice/sources/check-mapping';
import { sliceMember } from '@sluice/sources/poll/json-slice';
import type { KeptMapping, Mappings } from '@sluice/store/mappings';
import type { SourceRecord, SourceStore } from '@sluice/store/sources-store';
import type { TrialEvents } from '@sluice/store/trial-events';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import { keepBodyText } from '../sources/body-text.ts';
import { explainBody } from '../sources/declared-body.ts';
import { runDry } from '../sources/dry-run.ts';
import { findDeclared, findSource } from '../sources/find-source.ts';
import { findObjection, runTrial } from '../sources/mapping-trial.ts';
import { readAfter, toPage } from '../sources/page.ts';
import { findObstacles, toRevisionAnswer } from '../sources/revision-view.ts';
import { toBodyProblem } from '../sources/stored-source.ts';
import { type ApiServer, withZod } from '../zod-server.ts';

export type MappingRoutesOptions = {
  readonly sources: Pick<SourceStore, 'get'>;
  readonly mappings: Mappings;
  readonly trialEvents: TrialEvents;
  /** As what the workers are taken in trials. */
  readonly workers: TrialWorkers;
  readonly now: () => number;
};

const tags = ['Mappings'];

/** Bodies of events that a trial reads at most. */
const MAX_TRIAL_BYTES = 8 * 1024 * 1024;

/** A dry run takes any payload that an event may have. */
const MAX_DRY_RUN_BYTES = 2 * 1024 * 1024;

/** Adds the routes that tell of mappings, try them, make one the active one, and retire it again. */
export function addMappingRoutes(server: ApiServer, options: MappingRoutesOptions): void {
  const { sources, mappings, trialEvents, workers, now } = options;

  async function findRevision(id: string, revision: string): Promise<KeptMapping> {
    const found = await mappings.get(id, Number(revision));
    if (found !== null) return found;
    throw noRevision(id, revision);
  }

  /** Tells whether what is active may be replaced here: not while the file declares source and mapping. */
  async function assertOwn(record: SourceRecord): Promise<void> {
    if (record.owner !== 'file') return;
    const active = await mappings.get(record.id);
    if (active?.owner === 'file') throw ownedByFile(record.id);
  }

  server.get(
    '/api/sources/:id/mapping',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'listMappingRevisions',
        summary: 'List the revisions of a mapping',
        description:
          'The newest first. At most one is `active`. Those that another build wrote are listed too, with what this one does not understand under `unusable`.',
        params: sourceParamsSchema,
        querystring: sourcePageSchema,
        response: {
          200: json('A page of revisions.', revisionListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ params, query, caller }, reply) => {
      const { id } = await findSource(sources, caller.tenant, params.id);
      const after = readAfter(query.cursor);
      const before = after === undefined ? undefined : Number(after) || 0;
      const found = await mappings.list(id, { before, limit: query.limit + 1 });
      return reply.send(toPage(found.map(toRevisionAnswer), query.limit, ({ revision }) => `${revision}`));
    },
  );

  server.get(
    '/api/sources/:id/mapping/:revision',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'getMappingRevision',
        summary: 'Show one revision of a mapping',
        description: 'With the outcome of its last trial, and who made it active.',
        params: revisionParamsSchema,
        querystring: noQuery,
        response: {
          200: json('The revision.', mappingRevisionSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ params, caller }, reply) => {
      const { id } = await findSource(sources, caller.tenant, params.id);
      return reply.send(toRevisionAnswer(await findRevision(id, params.revision)));
    },
  );

  server.post(
    '/api/sources/:id/mapping/:revision/trial',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'tryMappingRevision',
        summary: 'Try a revision on stored events',
        description:
          'Runs it over the newest stored raw events of the source and counts what would come of them: failures by reason, with the first events of each, and how many records would be other ones than those stored. Reads about 8 MiB of bodies at most. The outcome is kept with the revision; nothing else is written.',
        params: revisionParamsSchema,
        querystring: noQuery,
        body: trialBodySchema.nullish(),
        response: {
          200: json('The revision with the outcome.', mappingRevisionSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
            'ERR_MAPPING_NOT_TRIED',
          ),
        },
      },
    },
    async ({ params, body, caller }, reply) => {
      const { id, tenant } = await findSource(sources, caller.tenant, params.id);
      const found = toUsable(await findRevision(id, params.revision));
      const limits = { count: body?.count ?? TRIAL_EVENTS, maxBytes: MAX_TRIAL_BYTES };
      const events = await trialEvents.readNewest(tenant, id, limits);
      const trial = await runTrial(found, events, workers, now());
      await mappings.recordTrial(id, found.revision, trial);
      return reply.send(toRevisionAnswer({ ...found, trial }));
    },
  );

  server.post(
    '/api/sources/:id/mapping/:revision/activate',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'activateMappingRevision',
        summary: 'Make a revision the active one',
        description:
          'Workers use it within moments; the one before is retired, and can be activated again at once. A draft needs a clean trial on the newest 100 stored events (or all, where there are fewer) within the last hour; a source without events needs none. `force` with a `reason` goes without, which is kept with the revision.',
        params: revisionParamsSchema,
        querystring: noQuery,
        body: activationBodySchema.nullish(),
        response: {
          200: json('The revision, now active.', mappingRevisionSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
            ...(['ERR_MAPPING_OWNED_BY_FILE', 'ERR_MAPPING_NOT_TRIED'] as const),
          ),
        },
      },
    },
    async ({ params, body, caller }, reply) => {
      const record = await findSource(sources, caller.tenant, params.id);
      const { id, tenant } = record;
      await assertOwn(record);
      const found = toUsable(await findRevision(id, params.revision));
      const objection = findObjection(found, await trialEvents.hasAny(tenant, id), now());
      const reason = body?.force === true ? body.reason : undefined;
      if (objection !== null && reason === undefined) {
        throw new ProblemException('ERR_MAPPING_NOT_TRIED', objection);
      }
      const activated = await mappings.activate(id, found.revision, {
        ...{ overFile: record.owner !== 'file', by: caller.name },
        ...(objection === null || reason === undefined ? {} : { forced: { at: new Date(now()), reason } }),
      });
      if (activated === 'missing') throw noRevision(id, params.revision);
      if (activated === 'file') throw ownedByFile(id);
      return reply.send(toRevisionAnswer(activated));
    },
  );

  server.post(
    '/api/sources/:id/mapping/:revision/retire',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'retireMappingRevision',
        summary: 'Retire the active revision',
        description:
          'The source has no mapping then: workers go back to the built-in types within moments. The revision is kept and can be activated again; one that is retired already stays as it is. Records that are stored stay too. To go back to another revision, activate that one instead.',
        params: revisionParamsSchema,
        querystring: noQuery,
        response: {
          200: json('The revision, now retired.', mappingRevisionSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
            ...(['ERR_MAPPING_OWNED_BY_FILE', 'ERR_MAPPING_NOT_ACTIVE'] as const),
          ),
        },
      },
    },
    async ({ params, caller }, reply) => {
      const { id, owner } = await findSource(sources, caller.tenant, params.id);
      const retired = await mappings.retire(id, Number(params.revision), { overFile: owner !== 'file' });
      if (retired === 'missing') throw noRevision(id, params.revision);
      if (retired === 'file') throw ownedByFile(id);
      if (retired === 'draft') throw new ProblemException('ERR_MAPPING_NOT_ACTIVE');
      return reply.send(toRevisionAnswer(retired));
    },
  );

  server.register((scope, _options, done) => {
    const written = withZod(scope);
    const readText = keepBodyText(scope);

    written.post(
      '/api/sources/:id/mapping',
      {
        config: { role: 'operator' },
        validatorCompiler: explainBody,
        schema: {
          tags,
          operationId: 'createMappingDraft',
          summary: 'Add a draft of a mapping',
          description:
            'It changes nothing until it is activated. Revisions never change: send a new draft instead.',
          params: sourceParamsSchema,
          querystring: noQuery,
          body: mappingSchema,
          response: {
            201: json('The draft.', mappingRevisionSchema),
            ...problems(
              ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
              'ERR_MAPPING_OWNED_BY_FILE',
            ),
          },
        },
      },
      async (request, reply) => {
        const record = await findSource(sources, request.caller.tenant, request.params.id);
        await assertOwn(record);
        const wrong = checkMapping(request.body, findRoundedNumbers(readText(request)));
        if (wrong.length > 0) throw toBodyProblem(wrong);
        const draft = await mappings.createDraft(record.id, request.body, { by: request.caller.name });
        return reply
          .code(201)
          .header('location', `/api/sources/${record.id}/mapping/${draft.revision}`)
          .send(toRevisionAnswer(draft));
      },
    );

    written.post(
      '/api/mappings/dry-run',
      {
        config: { role: 'viewer', audit: false },
        bodyLimit: MAX_DRY_RUN_BYTES,
        validatorCompiler: explainBody,
        schema: {
          tags,
          operationId: 'dryRunMapping',
          summary: 'Try a mapping on one payload',
          description:
            'Shows the record that a worker would make, where each field came from, what was guessed, or why there would be none. Give a `mapping`, or a `source` with the `revision` to try; without a revision the active one is taken, or the built-in types, as for a source that is not declared. Writes nothing.',
          querystring: noQuery,
          body: dryRunBodySchema,
          response: {
            200: json('What would come of it.', dryRunSchema),
            ...problems(
              ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_UNSAFE_KEY', 'ERR_JSON_TOO_DEEP'] as const),
              ...(['ERR_UNICODE_INVALID', 'ERR_BODY_TOO_LARGE', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
              'ERR_MAPPING_NOT_TRIED',
            ),
          },
        },
      },
      async (request, reply) => {
        const { tenant } = request.caller;
        const { mapping, source, revision, schemaVersion } = request.body;
        const text = readText(request);
        const payloadText = sliceMember(text, 'payload') ?? 'null';
        const rounded = findRoundedNumbers(sliceMember(text, 'mapping') ?? '');
        const wrong = mapping === undefined ? [] : checkMapping(mapping, rounded);
        if (wrong.length > 0) {
          throw toBodyProblem(wrong.map(({ path, detail }) => ({ path: ['mapping', ...path], detail })));
        }
        const record = source === undefined ? null : await findDeclared(sources, tenant, source);
        if (record === null && revision !== undefined) throw noRevision(source ?? '', `${revision}`);
        const stored = record === null ? null : await findStored(record.source.id, revision);
        const active = mapping === undefined ? stored : { revision: null, mapping };
        return reply.send(
          runDry({
            ...{ tenant, source: source ?? 'dry-run', active, workers, payloadText },
            schemaVersion: schemaVersion ?? record?.source.schemaVersion ?? 1,
            ...{ type: record?.source.type, nowMs: now() },
          }),
        );
      },
    );
    done();
  });

  /** Finds what is to be tried; null for the built-in types, where no revision is active. */
  async function findStored(source: string, revision: number | undefined): Promise<StoredMapping | null> {
    const found =
      revision === undefined ? await mappings.get(source) : await findRevision(source, `${revision}`);
    return found && toUsable(found);
  }
}

/** Refuses a revision that was accepted by another build, and that this one would not understand. */
function toUsable(kept: KeptMapping): StoredMapping {
  const errors = findObstacles(kept);
  const [first] = errors;
  if (kept.mapping !== null && first === undefined) return kept;
  const where = first === undefined || first.pointer === '' ? '' : `${first.pointer.slice(1)}: `;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const detail = `It cannot be used by this build: ${where}${first?.detail ?? 'its form is unknown'}${more}.`;
  throw new ProblemException('ERR_MAPPING_NOT_TRIED', detail, { errors });
}

function noRevision(id: string, revision: string): ProblemException {
  return new ProblemException('ERR_NOT_FOUND', `The source ${id} has no mapping of revision ${revision}.`);
}

function ownedByFile(id: string): ProblemException {
  return new ProblemException(
    'ERR_MAPPING_OWNED_BY_FILE',
    `The mapping of ${id} is declared in the sources file, which alone can change it.`,
  );
}
