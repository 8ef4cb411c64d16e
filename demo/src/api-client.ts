import {
  listOf,
  MAX_LIMIT,
  type NormalizedItem,
  normalizedItemSchema,
  type Stats,
  statsSchema,
  type Vitals,
  vitalsSchema,
} from '@sluice/contracts/api';
import { PlainError } from '@sluice/contracts/plain-error';
import type { z } from 'zod';

/** What the demo asks the api; every answer is checked against the contract. */
export type ApiClient = {
  /** `GET /api/events/stats` */
  readStats(): Promise<Stats>;
  /** `GET /api/events/normalized`, page after page */
  readNormalized(source: string): AsyncGenerator<NormalizedItem>;
  /** `GET /vital-data`, page after page */
  readLatest(): AsyncGenerator<Vitals['resources'][number]>;
};

/** Thrown when the api does not answer with 200. */
export class ApiError extends PlainError {
  override readonly name = 'ApiError';
}

const VITALS_PAGE = 100;
const normalizedPageSchema = listOf(normalizedItemSchema);

/** Creates a client of the api at `apiUrl`. */
export function createApiClient(apiUrl: string, signal: AbortSignal): ApiClient {
  async function read<Schema extends z.ZodType>(
    path: string,
    query: Readonly<Record<string, string>>,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    const url = new URL(path, apiUrl);
    url.search = new URLSearchParams(query).toString();
    const response = await fetch(url, { signal });
    const text = await response.text();
    if (response.status !== 200) throw new ApiError(`GET ${path} was answered ${response.status}: ${text}`);
    return schema.parse(JSON.parse(text));
  }

  async function* readNormalized(source: string): AsyncGenerator<NormalizedItem> {
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = { source, limit: `${MAX_LIMIT}`, ...(cursor === '' ? {} : { cursor }) };
      const page: z.output<typeof normalizedPageSchema> = await read(
        '/api/events/normalized',
        query,
        normalizedPageSchema,
      );
      yield* page.items;
      cursor = page.nextCursor;
    }
  }

  async function* readLatest(): AsyncGenerator<Vitals['resources'][number]> {
    for (let offset = 0; ; offset += VITALS_PAGE) {
      const query = { sortBy: 'deviceId', orderBy: 'asc', count: `${VITALS_PAGE}`, offset: `${offset}` };
      const page = await read('/vital-data', query, vitalsSchema);
      yield* page.resources;
      if (offset + VITALS_PAGE >= page.total) return;
    }
  }

  return { readStats: () => read('/api/events/stats', {}, statsSchema), readNormalized, readLatest };
}
