import { batchAnswerSchema } from '@sluice/contracts/api';
import { ERRORS, type ProblemCode, toStatus } from '@sluice/contracts/errors';
import { PROBLEM_MEDIA_TYPE } from '@sluice/runtime/problems';
import { z } from 'zod';

/** The body of every error answer. */
const problemSchema = z
  .object({
    type: z.string().describe('Where the code is explained.'),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    instance: z.string().describe('The id of the request.'),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .describe('JSON pointers to what is wrong.'),
  })
  .meta({ id: 'Problem' });

/** The body of an error answer to a batch: it tells of each item, too, unless none could be read. */
const batchProblemSchema = problemSchema.extend(batchAnswerSchema.shape).meta({ id: 'BatchProblem' });

/** A media type with its schema, as a route's `response` takes it. */
type Content<Schema extends z.ZodType> = { readonly schema: Schema };

/** What any route can answer before it is reached. */
const ALWAYS = [
  'ERR_REQUEST_MALFORMED',
  'ERR_REQUEST_TIMEOUT',
  'ERR_HEADERS_TOO_LARGE',
  'ERR_INTERNAL',
] as const;

/** Documents a JSON answer. */
export function json<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } satisfies Content<Schema> } };
}

/** Documents the problems that a route can answer, by status, and those that any route can. */
export function problems(...codes: readonly ProblemCode[]) {
  return toResponses(codes, problemSchema);
}

/** Documents like `problems` those of a route that takes batches. */
export function problemsOfBatch(...codes: readonly ProblemCode[]) {
  return toResponses(codes, z.union([problemSchema, batchProblemSchema]));
}

function toResponses<Schema extends z.ZodType>(codes: readonly ProblemCode[], schema: Schema) {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of [...codes, ...ALWAYS]) {
    const status = toStatus(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join(' '),
        content: { [PROBLEM_MEDIA_TYPE]: { schema } },
      },
    ]),
  );
}
