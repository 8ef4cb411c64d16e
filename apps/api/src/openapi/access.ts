import { ERRORS } from '@sluice/contracts/errors';
import type { RouteAccess } from '@sluice/runtime/access';
import type { FastifySchema } from 'fastify';
import { problems } from './responses.ts';

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

type Described = { readonly description: string };

/** Adds to the description of a route who may use it, and what the others are answered. */
export function withAccess(schema: FastifySchema, { role, scope }: Partial<RouteAccess>): FastifySchema {
  if (role === undefined || role === 'anybody') return schema;
  const response: Record<string, unknown> = { ...(schema.response as Record<string, unknown> | undefined) };
  for (const [status, added] of Object.entries(problems(...ACCESS_PROBLEMS))) {
    const own = response[status];
    response[status] = isDescribed(own) ? { ...added, description: toJoined(own.description, added) } : added;
  }
  const tenant = scope === 'system' ? ' of the tenant `default`' : '';
  const { description = '' } = schema;
  return {
    ...schema,
    ...{ response, security: ACCESS_REQUIRED },
    description: `${description} Takes the role \`${role}\`${tenant}.`.trim(),
  };
}

function isDescribed(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && 'description' in value;
}

/** The codes of both, each once. */
function toJoined(own: string, { description }: Described): string {
  const missing = ACCESS_PROBLEMS.filter(
    (code) => description.includes(`\`${code}\``) && !own.includes(`\`${code}\``),
  );
  return [own, ...missing.map((code) => `\`${code}\`: ${ERRORS[code].title}`)].join(' ');
}
