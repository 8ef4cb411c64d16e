import { ProblemException } from '@sluice/contracts/errors';

/** Makes a page of `limit` items of a list that was read one further; `toKey` names the place of an item. */
export function toPage<Item>(found: readonly Item[], limit: number, toKey: (item: Item) => string) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const nextCursor =
    found.length > limit && last !== undefined ? Buffer.from(toKey(last)).toString('base64url') : null;
  return { items, nextCursor };
}

/**
 * Reads the key of the last item of the page before; undefined on the first page.
 *
 * @throws ProblemException ERR_QUERY_INVALID for a cursor that is not of such a list
 */
export function readAfter(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, 'base64url').toString();
  if (/^[A-Za-z0-9_.-]{1,64}$/.test(key)) return key;
  const errors = [{ pointer: '/cursor', detail: 'not a cursor of this list' }];
  throw new ProblemException('ERR_QUERY_INVALID', 'cursor: not a cursor of this list.', { errors });
}
