import { createServer, type ServerResponse } from 'node:http';
import { listenForTest } from '@sluice/local/test-listen';

/** A record of the legacy system; `updatedAt` is epoch ms. */
export type LegacyRecord = { readonly id: number; readonly updatedAt: number };

/** One request that the legacy system was asked. */
export type Asked = { readonly page: number; readonly since: string | null; readonly atMs: number };

const PAGE_SIZE = 50;

/**
 * Starts a legacy system until the test is over: records by page and since a time, oldest change first. It counts how
 * many requests it was asked at once, answers other things instead when `answerNext` says so, and waits before page `n`
 * after `hold(n)`.
 */
export async function startLegacyServer() {
  const records: LegacyRecord[] = [];
  const asked: Asked[] = [];
  const served = new Set<number>();
  const instead: ((response: ServerResponse) => void)[] = [];
  const held = new Map<number, PromiseWithResolvers<void>>();
  let open = 0;
  let mostOpen = 0;

  const server = createServer(async (request, response) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    response.once('close', () => {
      open -= 1;
    });
    const { searchParams } = new URL(request.url ?? '/', 'http://legacy');
    const page = Number(searchParams.get('page') ?? 1);
    const since = searchParams.get('since');
    asked.push({ page, since, atMs: performance.now() });
    await held.get(page)?.promise;
    const answer = instead.shift();
    if (answer !== undefined) {
      answer(response);
      return;
    }
    const found = records
      .filter(({ updatedAt }) => since === null || updatedAt >= Date.parse(since))
      .sort((left, right) => left.updatedAt - right.updatedAt)
      .slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
    const items = found.map(({ id, updatedAt }) => ({ id, updated_at: new Date(updatedAt).toISOString() }));
    for (const { id } of found) served.add(id);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { items } }));
  });
  return {
    url: `${await listenForTest(server)}/orders`,
    asked,
    /** The ids that were ever answered. */
    served,
    countMostOpen: () => mostOpen,
    countOpen: () => open,
    add(...added: readonly LegacyRecord[]): void {
      records.push(...added);
    },
    /** Answers the next requests otherwise. */
    answerNext(count: number, answer: (response: ServerResponse) => void): void {
      for (let index = 0; index < count; index += 1) instead.push(answer);
    },
    countInstead: () => instead.length,
    /** Keeps whoever asks for that page waiting until `release`. */
    hold(page: number): { release(): void } {
      const waiting = Promise.withResolvers<void>();
      held.set(page, waiting);
      return {
        release() {
          held.delete(page);
          waiting.resolve();
        },
      };
    },
  };
}

export type LegacyServer = Awaited<ReturnType<typeof startLegacyServer>>;
