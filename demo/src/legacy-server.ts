import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { LegacyOrder } from './inputs/orders.ts';

/** A legacy system with a list of orders, as a poller meets it. */
export type LegacyServer = {
  /** Where its orders are. */
  readonly url: string;
  /** Opens the shop: from now on orders appear. Before, the list is empty. */
  open(): void;
  /** Closes the books: what was ordered is archived, and the list is empty again. */
  archive(): void;
  close(): Promise<void>;
};

type Row = {
  readonly visibleAtMs: number;
  readonly updatedAtMs: number;
  readonly order: LegacyOrder['order'];
};

const MAX_LIMIT = 500;

/**
 * Starts the legacy system on a free port of 127.0.0.1: `GET /orders?since&page&limit` answers
 * `{data: {items, page, total}}`, oldest change first, with `since` a time of `updated_at` and pages from 1. As in
 * life, orders appear while a poller is reading pages, and some appear with a time that has been read already.
 */
export async function startLegacyServer(
  orders: readonly LegacyOrder[],
  now: () => number = Date.now,
): Promise<LegacyServer> {
  let rows: readonly Row[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://legacy');
    if (request.method !== 'GET' || url.pathname !== '/orders')
      return answer(response, 404, { error: 'no such page' });
    const since = Date.parse(url.searchParams.get('since') ?? new Date(0).toISOString());
    const page = Number(url.searchParams.get('page') ?? '1');
    const limit = Math.min(Number(url.searchParams.get('limit') ?? '50'), MAX_LIMIT);
    if (Number.isNaN(since) || !isCount(page) || !isCount(limit)) {
      return answer(response, 400, { error: 'since must be a time, page and limit whole numbers from 1' });
    }
    const atMs = now();
    const found = rows
      .filter((row) => row.visibleAtMs <= atMs && row.updatedAtMs >= since)
      .sort((left, right) => left.updatedAtMs - right.updatedAtMs);
    const items = found.slice((page - 1) * limit, page * limit).map(toRecord);
    return answer(response, 200, { data: { items, page, total: found.length } });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The legacy system has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/orders`,
    open() {
      const openedAtMs = now();
      rows = orders.map(({ visibleAfterMs, lateByMs, order }) => {
        const visibleAtMs = openedAtMs + visibleAfterMs;
        return { visibleAtMs, updatedAtMs: visibleAtMs - lateByMs, order };
      });
    },
    archive() {
      rows = [];
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function toRecord({ order, updatedAtMs }: Row) {
  return { ...order, updated_at: new Date(updatedAtMs).toISOString() };
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
