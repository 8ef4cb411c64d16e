import { ProblemException } from '@sluice/contracts/errors';
import { toManualSlot } from '@sluice/contracts/poll';
import {
  ifMatchSchema,
  pollQueuedSchema,
  sourceBodySchema,
  sourceDetailSchema,
  sourceItemSchema,
  sourceListSchema,
  sourcePageSchema,
  sourceParamsSchema,
} from '@sluice/contracts/sources-api';
import type { PollsProducer } from '@sluice/queue/polls';
import type { SecretBox } from '@sluice/sources/secret-box';
import type { Mappings } from '@sluice/store/mappings';
import type { PollRuns } from '@sluice/store/poll-runs';
import type { ChangeRefused, SourceRecord, SourceStore } from '@sluice/store/sources-store';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import { explainBody } from '../sources/declared-body.ts';
import { findSource } from '../sources/find-source.ts';
import { readAfter, toPage } from '../sources/page.ts';
import { readIfMatch, toETag } from '../sources/revision-tag.ts';
import { toSourceDetail, toSourceItem } from '../sources/source-view.ts';
import { toStoredSource } from '../sources/stored-source.ts';
import type { ApiServer } from '../zod-server.ts';

export type SourceRoutesOptions = {
  readonly sources: SourceStore;
  readonly mappings: Mappings;
  readonly pollRuns: Pick<PollRuns, 'list' | 'listMany' | 'findLastWhole'>;
  readonly polls: Pick<PollsProducer, 'addPoll'>;
  readonly box: SecretBox;
  readonly now: () => number;
};

const tags = ['Sources'];

/** How many of its last runs a source shows. */
const SHOWN_RUNS = 20;

/** Adds the routes that tell of sources and change those that the sources file does not own. */
export function addSourceRoutes(server: ApiServer, options: SourceRoutesOptions): void {
  const { sources, mappings, pollRuns, polls, box, now } = options;

  async function toDetail(record: SourceRecord) {
    const isPolled = record.source.kind === 'poll';
    const [active, runs, whole] = await Promise.all([
      mappings.findActive([record.id]),
      isPolled ? pollRuns.list(record.id, SHOWN_RUNS) : [],
      isPolled ? pollRuns.findLastWhole([record.id]) : undefined,
    ]);
    const lastWhole = whole?.get(record.id);
    return toSourceDetail(record, active.get(record.id) ?? null, { runs, lastWhole, nowMs: now() });
  }

  async function toItem(record: SourceRecord) {
    const active = await mappings.findActive([record.id]);
    return toSourceItem(record, active.get(record.id) ?? null);
  }

  /** Finds a source of our own that may be changed, and the revision that it must still have. */
  async function findOwn(tenant: string, id: string, ifMatch: string | undefined) {
    const record = await findSource(sources, tenant, id);
    if (record.owner === 'file') throw refuse('file', id);
    const expected = readIfMatch(ifMatch) ?? record.revision;
    if (expected !== record.revision) throw refuse('stale', id);
    return { record, revision: expected };
  }

  async function setPaused(tenant: string, id: string, paused: boolean): Promise<SourceRecord> {
    const { source } = await findSource(sources, tenant, id);
    if (source.kind !== 'poll') throw new ProblemException('ERR_SOURCE_NOT_POLLED');
    const changed = await sources.setPaused(id, paused);
    if (changed === null) throw refuse('missing', id);
    return changed;
  }

  server.get(
    '/api/sources',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'listSources',
        summary: 'List the sources',
        description: 'The active ones, by name. No secret is ever shown.',
        querystring: sourcePageSchema,
        response: {
          200: json('A page of sources.', sourceListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ query, caller }, reply) => {
      const found = await sources.page(caller.tenant, {
        after: readAfter(query.cursor),
        limit: query.limit + 1,
      });
      const active = await mappings.findActive(found.map(({ id }) => id));
      const items = found.map((record) => toSourceItem(record, active.get(record.id) ?? null));
      return reply.send(toPage(items, query.limit, ({ id }) => id));
    },
  );

  server.get(
    '/api/sources/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'getSource',
        summary: 'Tell everything about one source',
        description:
          'As it is declared, its active mapping, and for a polled one its last runs, the next one and how far behind it is. `ETag` is its revision.',
        params: sourceParamsSchema,
        querystring: noQuery,
        response: {
          200: json('The source.', sourceDetailSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const record = await findSource(sources, request.caller.tenant, request.params.id);
      return reply.header('etag', toETag(record.revision)).send(await toDetail(record));
    },
  );

  server.post(
    '/api/sources',
    {
      config: { role: 'operator' },
      validatorCompiler: explainBody,
      schema: {
        tags,
        operationId: 'createSource',
        summary: 'Add a source',
        description:
          'Ingest and schedulers use it within moments, without a restart. To name a variable that holds a secret (`env`) takes the role admin; to allow private addresses (`allowPrivate`) takes an admin of the tenant `default`. Its mapping is added by itself: `POST /api/sources/{id}/mapping`.',
        querystring: noQuery,
        body: sourceBodySchema,
        response: {
          201: json('The source.', sourceItemSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_UNAVAILABLE'] as const),
            ...(['ERR_SOURCE_EXISTS', 'ERR_SECRETS_KEY_MISSING'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const { tenant, role } = request.caller;
      const source = toStoredSource(request.body, { tenant, role, existing: null, box });
      const created = await sources.create(source);
      if (created === 'exists') {
        throw new ProblemException('ERR_SOURCE_EXISTS', `There is a source ${source.id} already.`);
      }
      reply
        .code(201)
        .header('location', `/api/sources/${created.id}`)
        .header('etag', toETag(created.revision));
      return reply.send(await toItem(created));
    },
  );

  server.put(
    '/api/sources/:id',
    {
      config: { role: 'operator' },
      validatorCompiler: explainBody,
      schema: {
        tags,
        operationId: 'replaceSource',
        summary: 'Change a source',
        description:
          'Send `source` as `GET` shows it, changed; secrets that it only shows as set are kept. To name another variable (`env`), or to send what one holds to another host, takes the role admin; to allow private addresses takes an admin of the tenant `default`. With `If-Match` only if nobody else changed it since.',
        params: sourceParamsSchema,
        querystring: noQuery,
        headers: ifMatchSchema,
        body: sourceBodySchema,
        response: {
          200: json('The source.', sourceItemSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_HEADER_INVALID', 'ERR_BODY_INVALID', 'ERR_NOT_FOUND'] as const),
            ...(['ERR_SOURCE_OWNED_BY_FILE', 'ERR_SOURCE_CHANGED', 'ERR_SECRETS_KEY_MISSING'] as const),
            'ERR_UNAVAILABLE',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { record, revision } = await findOwn(request.caller.tenant, id, request.headers['if-match']);
      if (request.body.id !== id) {
        const errors = [{ pointer: '/id', detail: `expected ${id}, as in the address` }];
        throw new ProblemException('ERR_BODY_INVALID', 'id: a source cannot change its name.', { errors });
      }
      const { tenant, source: existing } = record;
      const source = toStoredSource(request.body, { tenant, role: request.caller.role, existing, box });
      const changed = await sources.replace(source, revision);
      if (typeof changed === 'string') throw refuse(changed, id);
      return reply.header('etag', toETag(changed.revision)).send(await toItem(changed));
    },
  );

  server.delete(
    '/api/sources/:id',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'deactivateSource',
        summary: 'Deactivate a source',
        description:
          'Nothing more is taken from it or polled; its events, its mapping and its history stay. A source of the same name may be added again.',
        params: sourceParamsSchema,
        querystring: noQuery,
        headers: ifMatchSchema,
        response: {
          200: json('The source, no longer active.', sourceItemSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_HEADER_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
            ...(['ERR_SOURCE_OWNED_BY_FILE', 'ERR_SOURCE_CHANGED'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { revision } = await findOwn(request.caller.tenant, id, request.headers['if-match']);
      const changed = await sources.deactivate(id, revision);
      if (typeof changed === 'string') throw refuse(changed, id);
      return reply.send(await toItem(changed));
    },
  );

  for (const [action, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    server.post(
      `/api/sources/:id/${action}`,
      {
        config: { role: 'operator' },
        schema: {
          tags,
          operationId: `${action}Source`,
          summary: paused ? 'Pause polling a source' : 'Go on polling a source',
          description: paused
            ? 'No run begins until it is resumed; a run in hand ends. Works for sources of the sources file too.'
            : 'From where it was paused. Works for sources of the sources file too.',
          params: sourceParamsSchema,
          querystring: noQuery,
          response: {
            200: json('The source.', sourceItemSchema),
            ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_SOURCE_NOT_POLLED', 'ERR_UNAVAILABLE'),
          },
        },
      },
      async ({ caller, params }, reply) =>
        reply.send(await toItem(await setPaused(caller.tenant, params.id, paused))),
    );
  }

  server.post(
    '/api/sources/:id/poll',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        operationId: 'pollSource',
        summary: 'Poll a source now',
        description:
          'Asks the schedulers for a run beside its schedule; what came of it is among the runs of the source. Resume a paused source first.',
        params: sourceParamsSchema,
        querystring: noQuery,
        response: {
          202: json('The poll is queued.', pollQueuedSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_UNAVAILABLE'] as const),
            ...(['ERR_SOURCE_NOT_POLLED', 'ERR_SOURCE_PAUSED'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const record = await findSource(sources, request.caller.tenant, request.params.id);
      const { id, tenant, source, paused } = record;
      if (source.kind !== 'poll') throw new ProblemException('ERR_SOURCE_NOT_POLLED');
      if (paused) throw new ProblemException('ERR_SOURCE_PAUSED');
      await polls.addPoll({ source: id, tenant, slot: toManualSlot(now()) });
      return reply.code(202).send({ source: id, queued: true as const });
    },
  );
}

function refuse(reason: ChangeRefused, id: string): ProblemException {
  if (reason === 'missing') return new ProblemException('ERR_NOT_FOUND', `There is no source ${id}.`);
  if (reason === 'stale') return new ProblemException('ERR_SOURCE_CHANGED');
  return new ProblemException(
    'ERR_SOURCE_OWNED_BY_FILE',
    `${id} is declared in the sources file, which alone can change it.`,
  );
}
