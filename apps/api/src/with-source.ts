import { ProblemException } from '@sluice/contracts/errors';

/**
 * Names the source of a query by its alias too.
 *
 * @throws ProblemException ERR_QUERY_INVALID when the two differ
 */
export function withSource<
  Query extends { readonly source?: string | undefined; readonly client_id?: string | undefined },
>(query: Query): Query {
  const { source, client_id } = query;
  if (source !== undefined && client_id !== undefined && source !== client_id) {
    const detail = 'names another source than source does';
    const errors = [{ pointer: '/client_id', detail }];
    throw new ProblemException('ERR_QUERY_INVALID', `client_id: ${detail}.`, { errors });
  }
  return source === undefined && client_id !== undefined ? { ...query, source: client_id } : query;
}
