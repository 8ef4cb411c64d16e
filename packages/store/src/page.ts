import type { FindOptions } from 'mongodb';

/** How large the items of a page may be together, about: 4 MiB. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Asks the server for the size of a whole document, for a projection. */
export const DOCUMENT_BYTES = { $bsonSize: '$$ROOT' } as const;

/** How to ask for a page and the document after it: in one round trip, unless they are very large. */
export function toPageOptions(limit: number): Pick<FindOptions, 'limit' | 'batchSize'> {
  return { limit: limit + 1, batchSize: limit + 2 };
}

/**
 * Takes the documents of a page: at most `limit`, and none that makes them larger than `maxBytes` together (4 MiB by
 * default) but the first. Nothing more is fetched then.
 */
export async function takePage<Document>(
  found: AsyncIterable<Document>,
  limit: number,
  toBytes: (document: Document) => number,
  maxBytes = MAX_PAGE_BYTES,
): Promise<{ readonly page: readonly Document[]; readonly hasMore: boolean }> {
  const page: Document[] = [];
  let bytes = 0;
  for await (const document of found) {
    bytes += toBytes(document);
    if (page.length === limit || (page.length > 0 && bytes > maxBytes)) return { page, hasMore: true };
    page.push(document);
  }
  return { page, hasMore: false };
}
