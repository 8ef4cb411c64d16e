import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { PollSource } from '@sluice/contracts/source';
import { createRandom, type Random } from '@sluice/local/random';
import { createLegacyTable, type LegacyTable } from './legacy-data.ts';
import { answerInOrder, answerWithFault, type Fault, pickFault } from './legacy-faults.ts';
import { type LegacyPage, toLegacyPage } from './legacy-pages.ts';

type Served = {
  readonly source: PollSource;
  readonly table: LegacyTable;
  readonly random: Random;
  /** What the page before the last request's was answered, for `repeated`. */
  before: LegacyPage | undefined;
  lastFault: Fault | 'none';
};

/** How often something changes in each source. */
const CHANGE_EVERY_MS = 60;
const ROWS_AT_FIRST = 60;

/**
 * Starts a legacy system whose sources change all the time, and whose answers are at fault as the seed says until
 * `calm`. Every source is at `/<id>`; `declare` is given the address of the system.
 */
export async function startFaultyLegacy(seed: number, declare: (origin: string) => readonly PollSource[]) {
  const served = new Map<string, Served>();
  const faults = new Map<Fault, number>();
  let isCalm = false;
  const server = createServer((request, response) => answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const sources = declare(origin);
  for (const source of sources) {
    const random = createRandom(seed, source.id);
    const table = createLegacyTable(source, random);
    const startMs = Date.now() - ROWS_AT_FIRST * CHANGE_EVERY_MS;
    for (let n = 0; n < ROWS_AT_FIRST; n += 1) table.change(startMs + n * CHANGE_EVERY_MS);
    served.set(`/${source.id}`, {
      ...{ source, table, random, before: undefined, lastFault: 'none' },
    });
  }
  const changing = setInterval(() => {
    for (const { table } of served.values()) table.change(Date.now());
  }, CHANGE_EVERY_MS);

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', origin);
    const place = served.get(url.pathname);
    if (place === undefined || request.headers.authorization !== 'Bearer hunter2') {
      response.writeHead(403).end();
      return;
    }
    const page = toLegacyPage(place.source, place.table, url);
    const chosen = isCalm ? 'none' : pickFault(place.random);
    // A cache gives an old answer once, and not of another run: only what it asked the second time is told apart.
    const isOld = chosen === 'repeated' && (place.lastFault === 'repeated' || isFirst(place.source, url));
    const fault = isOld ? 'none' : chosen;
    place.lastFault = fault;
    if (fault === 'none') answerInOrder(response, page);
    else {
      faults.set(fault, (faults.get(fault) ?? 0) + 1);
      answerWithFault(fault, response, { page, before: place.before, random: place.random });
    }
    if (fault !== 'repeated') place.before = page;
  }

  return {
    sources,
    faults,
    tables: new Map([...served].map(([path, { table }]) => [path.slice(1), table])),
    /** Ends faults and changes. */
    calm(): void {
      isCalm = true;
      clearInterval(changing);
    },
    async close(): Promise<void> {
      clearInterval(changing);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Tells whether a request begins a run: an older answer to it would be of another run. */
function isFirst({ cursor, pageParam }: PollSource, { searchParams }: URL): boolean {
  if (cursor.kind === 'link') return true;
  const name = cursor.kind === 'page' ? cursor.param : pageParam;
  return name === undefined || Number(searchParams.get(name) ?? 1) === 1;
}
