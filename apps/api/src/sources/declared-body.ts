import { explainIssues } from '@sluice/sources/explain-issues';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { toBodyProblem } from './stored-source.ts';

/**
 * Checks the parts of a request; of a declaration in the body it says what is wrong in the words of the sources file:
 * which form was meant, which keys there are. Secrets are never quoted.
 */
export function explainBody(route: {
  readonly schema: unknown;
  readonly method: string;
  readonly url: string;
  readonly httpPart?: string;
}): ReturnType<typeof validatorCompiler> {
  const { schema } = route;
  if (!(schema instanceof z.ZodType)) throw new TypeError('The schema of a route must be one of zod.');
  if (route.httpPart !== 'body') return validatorCompiler({ ...route, schema });
  return (body: unknown) => {
    const parsed = schema.safeParse(body);
    if (parsed.success) return { value: parsed.data };
    return { error: toBodyProblem(explainIssues(schema, parsed.error.issues, body)) };
  };
}
