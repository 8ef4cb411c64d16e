import { ERRORS, type ProblemCode } from '@sluice/contracts/errors';
import type { FastifySchema } from 'fastify';
import { problems } from './responses.ts';

type Described = { readonly description: string };

/** Adds problems to those that a route documents; a code that it documents already is not said twice. */
export function withProblems(schema: FastifySchema, codes: readonly ProblemCode[]): FastifySchema {
  const response: Record<string, unknown> = { ...(schema.response as Record<string, unknown> | undefined) };
  for (const [status, added] of Object.entries(problems(...codes))) {
    const own = response[status];
    response[status] = isDescribed(own)
      ? { ...added, ...own, description: toJoined(own.description, added, codes) }
      : added;
  }
  return { ...schema, response };
}

function isDescribed(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && 'description' in value;
}

/** The codes of both, each once. */
function toJoined(own: string, { description }: Described, codes: readonly ProblemCode[]): string {
  const missing = codes.filter((code) => description.includes(`\`${code}\``) && !own.includes(`\`${code}\``));
  return [own, ...missing.map((code) => `\`${code}\`: ${ERRORS[code].title}`)].join(' ');
}
