import type { z } from 'zod';
import type { ApiClient } from './api-client.ts';

/** A page of a list. */
export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

/** A list of the api. */
export type PagedList<Item> = {
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly schema: z.ZodType<Page<Item>>;
  /** How many items the next page shall have. */
  readonly pageSize: () => number;
  /** Where to begin; at the start by default. */
  readonly cursor?: string | undefined;
};

/** Reads a list page after page. A page may be empty and still not be the last. */
export async function* readPages<Item>(api: ApiClient, list: PagedList<Item>): AsyncGenerator<Page<Item>> {
  let cursor = list.cursor;
  for (;;) {
    const query = { ...list.query, limit: `${list.pageSize()}`, cursor };
    const page: Page<Item> = (await api.ask({ path: list.path, query }, list.schema)).value;
    yield page;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}
