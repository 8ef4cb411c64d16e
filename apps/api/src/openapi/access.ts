import type { RouteAccess } from '@sluice/runtime/access';
import type { FastifySchema } from 'fastify';
import { withProblems } from './added-problems.ts';

/** How a caller says who they are; named by `ACCESS_REQUIRED`. */
export const SECURITY_SCHEMES = {
  key: { type: 'http', scheme: 'bearer', description: 'An API key.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'sluice_session',
    description: 'Set by `POST /api/session`; over https its name begins with `__Host-`.',
  },
} as const;

/** What OpenAPI calls it that a key or a session is needed. */
const ACCESS_REQUIRED = [{ key: [] }, { session: [] }];

/** What every route that needs a key can answer because of it. */
const ACCESS_PROBLEMS = [
  'ERR_UNAUTHENTICATED',
  'ERR_FORBIDDEN',
  'ERR_ORIGIN_FOREIGN',
  'ERR_UNAVAILABLE',
] as const;

/** Who may use what is passed on, by its tag; the app behind asks for the key. */
const PASSED_ON: Readonly<Record<string, RouteAccess['role']>> = { Sending: 'sender', Live: 'viewer' };

/** Says who may use a route, also where another app asks. */
export function toDescribedAccess(url: string, { tags = [] }: FastifySchema, own: Partial<RouteAccess>) {
  const role = url.startsWith('/hooks/') ? undefined : PASSED_ON[tags[0] ?? ''];
  return role === undefined ? own : { role };
}

/** Adds to the description of a route who may use it, and what the others are answered. */
export function withAccess(schema: FastifySchema, { role, scope }: Partial<RouteAccess>): FastifySchema {
  if (role === undefined) return schema;
  if (role === 'anybody') return { ...schema, security: [], ...toExtension(role) };
  const tenant = scope === 'system' ? ' of the tenant `default`' : '';
  const { description = '' } = schema;
  return {
    ...withProblems(schema, ACCESS_PROBLEMS),
    security: ACCESS_REQUIRED,
    description: `${description} Takes the role \`${role}\`${tenant}.`.trim(),
    ...toExtension(role),
  };
}

/** For programs that read the description; Fastify's types know no extensions. */
function toExtension(role: RouteAccess['role']): object {
  return { 'x-role': role };
}
