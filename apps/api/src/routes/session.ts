/*
 * Sessions: what a browser gets for a key.
 *
 *  1. Signing in makes a key of kind `session`, with what the key behind it may do, that ends after 12 hours or with that
 *     key. It is not prolonged: who works longer signs in again.
 *  2. The browser gets it as a cookie that no script can read and no other site can send.
 *  3. It ends by signing out, with its key, or by itself.
 *  4. The audit log has an entry before a session begins or is ended, and of every key that was refused.
 */
import {
  type Caller,
  type CheckKey,
  type KeyHolder,
  type SessionAnswer,
  sessionSchema,
  signInSchema,
} from '@sluice/contracts/access';
import { ProblemException, toStatus } from '@sluice/contracts/errors';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import { createKey, toKeyId } from '@sluice/protocol/api-key';
import type { KeyMirror } from '@sluice/queue/key-mirror';
import { EVERYBODY } from '@sluice/runtime/access';
import {
  readCredential,
  readSessionCookie,
  toEndedCookies,
  toSessionCookie,
} from '@sluice/runtime/access-credential';
import { isFromOwnPage, isFromSecurePage } from '@sluice/runtime/access-origin';
import type { ApiKeys } from '@sluice/store/api-keys';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Auditor } from '../audit-hook.ts';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import { createSignInLimit } from '../sign-in-limit.ts';
import type { ApiServer } from '../zod-server.ts';

export type SessionRoutesOptions = {
  /** Null = nobody is asked (`AUTH=off`). */
  readonly checkKey: CheckKey | null;
  readonly keys: Pick<ApiKeys, 'createSession' | 'endSession'>;
  readonly mirror: Pick<KeyMirror, 'write'>;
  readonly auditor: Auditor;
  readonly now: () => number;
  /** Whether senders may ask for simulated failures. */
  readonly simulatesFailures: boolean;
};

/** Who signs in with what is no key. */
const NOBODY = { tenant: DEFAULT_TENANT, name: 'unknown', role: null, sources: null } as const;

const SESSION_MS = 12 * 3_600_000;

const tags = ['Access'];
const ANYBODY = { role: 'anybody' } as const;

/** Adds the routes by which a browser signs in and out, and everybody learns who they are. */
export function addSessionRoutes(server: ApiServer, options: SessionRoutesOptions): void {
  const { checkKey, keys, mirror, auditor, now, simulatesFailures } = options;
  const limit = createSignInLimit(now);

  server.post(
    '/api/session',
    {
      config: ANYBODY,
      schema: {
        tags,
        operationId: 'signIn',
        summary: 'Sign in with a key',
        description:
          'Answers with a cookie that stands for the key for 12 hours, or as long as the key is in force. With the cookie, unsafe requests must come from a page of the same origin. Ten failures from one address within a minute are enough.',
        querystring: noQuery,
        body: signInSchema,
        response: {
          200: json('Who is signed in.', sessionSchema),
          ...problems(
            ...(['ERR_QUERY_INVALID', 'ERR_BODY_INVALID', 'ERR_UNAUTHENTICATED', 'ERR_FORBIDDEN'] as const),
            ...(['ERR_ORIGIN_FOREIGN', 'ERR_SIGN_IN_LIMITED', 'ERR_UNAVAILABLE'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      if (request.headers.origin !== undefined && !isFromOwnPage(request)) {
        throw new ProblemException('ERR_ORIGIN_FOREIGN');
      }
      if (checkKey === null) return reply.send(toAnswer(EVERYBODY, null, simulatesFailures));
      const retryAfterSeconds = limit.begin(request.ip);
      if (retryAfterSeconds > 0) {
        throw new ProblemException('ERR_SIGN_IN_LIMITED', undefined, { retryAfterSeconds });
      }
      const { key } = request.body;
      const session = await signIn(request, key, await checkKey(key));
      limit.succeed(request.ip);
      const { caller, expiresAt } = session;
      const maxAgeSeconds = Math.floor((expiresAt.getTime() - now()) / 1000);
      const cookie = toSessionCookie(session.key, maxAgeSeconds, isFromSecurePage(request));
      reply.header('set-cookie', cookie).header('cache-control', 'no-store');
      return reply.send(toAnswer(caller, expiresAt, simulatesFailures));
    },
  );

  server.get(
    '/api/session',
    {
      config: { role: 'sender' },
      schema: {
        tags,
        operationId: 'getSession',
        summary: 'Tell who is signed in',
        description: 'By a session or by a key.',
        querystring: noQuery,
        response: {
          200: json('Who it is.', sessionSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAUTHENTICATED', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const credential = readCredential(request.headers);
      const holder = checkKey === null || credential === null ? null : await checkKey(credential.key);
      reply.header('cache-control', 'no-store');
      return reply.send(toAnswer(request.caller, holder?.expiresAt ?? null, simulatesFailures));
    },
  );

  server.delete(
    '/api/session',
    {
      config: ANYBODY,
      schema: {
        tags,
        operationId: 'signOut',
        summary: 'Sign out',
        description: 'Ends the session of the cookie. Without one nothing happens.',
        querystring: noQuery,
        response: {
          204: z.null().describe('Nobody is signed in any more.'),
          ...problems('ERR_QUERY_INVALID', 'ERR_ORIGIN_FOREIGN', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (request, reply) => {
      const key = readSessionCookie(request.headers.cookie);
      if (key !== undefined && !isFromOwnPage(request)) throw new ProblemException('ERR_ORIGIN_FOREIGN');
      // Also when the session cannot be ended now: this browser at least forgets it.
      reply.header('set-cookie', toEndedCookies());
      const holder = checkKey === null || key === undefined ? null : await checkKey(key);
      if (key !== undefined && holder?.kind === 'session') await signOut(request, key, holder);
      return reply.code(204).send(null);
    },
  );

  async function signIn(request: FastifyRequest, presented: string, holder: KeyHolder | null) {
    const { tenant, name, role, sources } = holder?.caller ?? NOBODY;
    const keyId = toKeyId(presented);
    const refuse = async (by: typeof role, problem: ProblemException): Promise<never> => {
      const outcome = { status: toStatus(problem.code), code: problem.code };
      const actor = { keyId, name, role: by };
      await auditor.record(request, { tenant, actor, action: 'signIn', ...outcome });
      throw problem;
    };
    const invalid = new ProblemException('ERR_UNAUTHENTICATED', 'The key is not valid, or no longer.');
    const parent = holder?.kind === 'key' ? holder.caller.keyId : null;
    if (holder === null || parent === null || role === null) return refuse(null, invalid);
    if (role === 'sender') {
      return refuse(role, new ProblemException('ERR_FORBIDDEN', 'A sender only sends: it cannot sign in.'));
    }
    const { id, key, hash } = createKey();
    const expiresAt = new Date(Math.min(now() + SESSION_MS, holder.expiresAt?.getTime() ?? Infinity));
    const rights = { tenant, name, role, sources: sources && [...sources] };
    await auditor.begin(request, { tenant, actor: { keyId, name, role }, action: 'signIn' });
    const session = await keys.createSession({ id, hash, ...rights, parent, expiresAt, createdBy: name });
    if (session === 'revoked') throw invalid;
    mirror.write(session);
    return { key, caller: holder.caller, expiresAt };
  }

  async function signOut(request: FastifyRequest, key: string, { caller }: KeyHolder): Promise<void> {
    const { tenant, keyId, name, role } = caller;
    await auditor.begin(request, { tenant, actor: { keyId, name, role }, action: 'signOut' });
    const ended = await keys.endSession(toKeyId(key) ?? '');
    if (ended !== null) mirror.write(ended);
  }
}

function toAnswer(
  { tenant, name, role, keyId, sources }: Caller,
  expiresAt: Date | null,
  simulatesFailures: boolean,
): SessionAnswer {
  return {
    ...{ tenant, name, role, keyId, sources: sources && [...sources] },
    expiresAt: expiresAt?.toISOString() ?? null,
    simulatesFailures,
  };
}
