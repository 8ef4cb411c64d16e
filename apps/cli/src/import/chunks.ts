import type { Row } from './row.ts';

/** Rows that are sent together. */
export type Chunk = readonly Row[];

/** What a chunk may hold at most. */
export type ChunkLimits = { readonly maxRows: number; readonly maxBytes: number };

/** Gathers rows into chunks; a row that is larger than a chunk is one of its own. */
export async function* toChunks(
  rows: AsyncIterable<Row>,
  { maxRows, maxBytes }: ChunkLimits,
): AsyncGenerator<Chunk> {
  let chunk: Row[] = [];
  let bytes = 0;
  for await (const row of rows) {
    const size = row.content.ok ? row.content.json.length : row.content.text.length;
    if (chunk.length > 0 && (chunk.length >= maxRows || bytes + size > maxBytes)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(row);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

/** Reads one item ahead, while the one before is worked on. */
export async function* readAhead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = items.next();
      // Its failure is told when its turn comes.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await next.catch(() => undefined);
    await items.return(undefined);
  }
}
