import type { IncomingHttpHeaders } from 'node:http';
import { ProblemException } from '@sluice/contracts/errors';
import { statusStreamQuerySchema, streamQuerySchema } from '@sluice/contracts/live';
import type { z } from 'zod';

/** What a request asks a stream for: its id to resume after, and the labels of what it wants. */
export type StreamQuery = {
  readonly lastEventId: string | null;
  readonly labels: Readonly<Record<string, string | undefined>>;
};

/** What is read of a request. */
type Asked = { readonly query: unknown; readonly headers: IncomingHttpHeaders };

/**
 * Reads the query of `/stream`.
 *
 * @throws ProblemException ERR_QUERY_INVALID
 */
export function readRecordQuery(request: Asked): StreamQuery {
  return toStreamQuery(request, parse(streamQuerySchema, request.query));
}

/**
 * Reads the query of `/stream/statuses`.
 *
 * @throws ProblemException ERR_QUERY_INVALID
 */
export function readStatusQuery(request: Asked): StreamQuery {
  return toStreamQuery(request, parse(statusStreamQuerySchema, request.query));
}

type CommonQuery = {
  readonly source?: string | undefined;
  readonly client_id?: string | undefined;
  readonly lastEventId?: string | undefined;
};

/** The header goes before the parameter: a browser that connects again sends both, and only the header is up to date. */
function toStreamQuery(
  { headers }: Asked,
  { source, client_id, lastEventId, ...others }: CommonQuery & StreamQuery['labels'],
): StreamQuery {
  if (source !== undefined && client_id !== undefined && source !== client_id) {
    const errors = [{ pointer: '/client_id', detail: 'names another source than source does' }];
    throw new ProblemException('ERR_QUERY_INVALID', undefined, { errors });
  }
  const header = headers['last-event-id'];
  const id = typeof header === 'string' && header !== '' ? header : lastEventId;
  return {
    lastEventId: id === undefined || id === '' ? null : id,
    labels: { ...others, source: source ?? client_id },
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, query: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: toPointer([key]), detail: 'unknown' }))
      : [{ pointer: toPointer(issue.path), detail: issue.message }],
  );
  throw new ProblemException('ERR_QUERY_INVALID', undefined, { errors });
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
