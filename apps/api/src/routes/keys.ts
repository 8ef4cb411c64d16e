import {
  apiKeyListSchema,
  apiKeyParamsSchema,
  apiKeyQuerySchema,
  apiKeySchema,
  createdApiKeySchema,
  newApiKeySchema,
} from '@sluice/contracts/access';
import { ProblemException } from '@sluice/contracts/errors';
import { createKey } from '@sluice/protocol/api-key';
import type { KeyMirror } from '@sluice/queue/key-mirror';
import type { ApiKeys } from '@sluice/store/api-keys';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type KeyRoutesOptions = {
  readonly keys: Pick<ApiKeys, 'list' | 'create' | 'revoke'>;
  readonly mirror: Pick<KeyMirror, 'write'>;
  readonly now: () => number;
};

const tags = ['Access'];
const ADMIN = { role: 'admin' } as const;

/** Adds the routes by which admins make and revoke the keys of their tenant. */
export function addKeyRoutes(server: ApiServer, { keys, mirror, now }: KeyRoutesOptions): void {
  server.get(
    '/api/keys',
    {
      config: ADMIN,
      schema: {
        tags,
        operationId: 'listKeys',
        summary: 'List the API keys',
        description: 'Those of the own tenant, the newest first, with their public part; revoked ones too.',
        querystring: apiKeyQuerySchema,
        response: {
          200: json('A page of keys.', apiKeyListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ caller, query }, reply) => reply.send(await keys.list(caller.tenant, query)),
  );

  server.post(
    '/api/keys',
    {
      config: ADMIN,
      schema: {
        tags,
        operationId: 'createKey',
        summary: 'Make an API key',
        description:
          'Of the own tenant. This answer is the only one that holds the key whole: what is stored is a hash. A `sender` only sends, a `viewer` reads too, an `operator` also changes sources and replays, an `admin` also makes keys.',
        querystring: noQuery,
        body: newApiKeySchema,
        response: {
          201: json('The key.', createdApiKeySchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ body, caller }, reply) => {
      const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt);
      if (expiresAt !== null && expiresAt.getTime() <= now()) throw toExpired();
      const { id, key, hash } = createKey();
      const { name, role, sources = null } = body;
      const record = { id, hash, tenant: caller.tenant, name, role, sources, expiresAt };
      const created = await keys.create({ ...record, createdBy: caller.name });
      if (created === 'exists') throw new Error('Two keys were made with the same public part.');
      mirror.write({ ...record, kind: 'key', parent: null, revokedAt: null });
      reply.code(201).header('cache-control', 'no-store');
      return reply.send({ ...created, key });
    },
  );

  server.delete(
    '/api/keys/:id',
    {
      config: ADMIN,
      schema: {
        tags,
        operationId: 'revokeKey',
        summary: 'Revoke an API key',
        description:
          'With all its sessions. No process takes it any more after 5 s. A second time changes nothing. The last admin key of a tenant stays.',
        params: apiKeyParamsSchema,
        querystring: noQuery,
        response: {
          200: json('The key, revoked.', apiKeySchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_NOT_FOUND', 'ERR_KEY_LAST_ADMIN', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async ({ caller, params: { id } }, reply) => {
      const revoked = await keys.revoke(caller.tenant, id);
      if (revoked === 'missing') throw new ProblemException('ERR_NOT_FOUND', `There is no key ${id}.`);
      if (revoked === 'last-admin') throw new ProblemException('ERR_KEY_LAST_ADMIN');
      for (const record of revoked.records) mirror.write(record);
      return reply.send(revoked.key);
    },
  );
}

function toExpired(): ProblemException {
  const detail = 'is over already';
  const errors = [{ pointer: '/expiresAt', detail }];
  return new ProblemException('ERR_BODY_INVALID', `expiresAt: ${detail}.`, { errors });
}
