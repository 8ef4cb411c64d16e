import { createRandom, type Random } from '@sluice/local/random';
import { type Delivery, type Fate, toJsonDelivery } from '../delivery.ts';
import type { DemoRun } from '../run.ts';
import { createMalformedMetrics } from './malformed-metrics.ts';
import { CLIENT_A, CLIENT_B, type Metric, type Spelling } from './metric-spellings.ts';

const TOTAL = 1000;
const EXACT_REPEATS = 40;
const SEMANTIC_REPEATS = 60;
const FAILING_ONCE = 12;
const PATH = '/api/events';
const DAY_MS = 86_400_000;

type Client = {
  readonly source: string;
  readonly spellings: readonly [Spelling, ...Spelling[]];
  /** The least difference between two times that it can tell. */
  readonly tickMs: number;
};

const CLIENTS: readonly Client[] = [
  { source: 'client_A', spellings: CLIENT_A, tickMs: DAY_MS },
  { source: 'client_B', spellings: CLIENT_B, tickMs: 1000 },
];

/** The names of the two clients' sources. */
export const METRIC_SOURCES: readonly string[] = CLIENTS.map(({ source }) => source);

/**
 * Makes 1,000 metric events of two clients, in no order: each client writes its records in four ways; 40 are sent
 * again (byte by byte, with other white space and order, or flat instead of nested), 60 are sent again in another
 * way that means the same record, 12 fail at the first attempt, and 20 are malformed.
 */
export function createMetricDeliveries(run: DemoRun): Delivery[] {
  const random = createRandom(run.seed, 'metrics');
  const malformed = createMalformedMetrics(run);
  const originals = TOTAL - EXACT_REPEATS - SEMANTIC_REPEATS - malformed.length;
  const deliveries: Delivery[] = [...malformed];
  for (let index = 0; index < originals; index += 1) {
    const client = CLIENTS[index % CLIENTS.length] as Client;
    const metric = toMetric(run, random, client, index);
    const way = random.whole(0, client.spellings.length - 1);
    const payload = spell(client, way, metric);
    const fails = index >= originals - FAILING_ONCE;
    deliveries.push(toDelivery(client, payload, fails, { kind: 'normalized' }));
    if (index < EXACT_REPEATS) {
      deliveries.push(toRepeat(client, payload, index));
    } else if (index < EXACT_REPEATS + SEMANTIC_REPEATS) {
      const otherWay = way + random.whole(1, client.spellings.length - 1);
      const other = spell(client, otherWay, metric);
      deliveries.push(toDelivery(client, other, false, { kind: 'duplicate', level: 'normalized' }));
    }
  }
  return random.shuffle(deliveries);
}

function toMetric({ nonce, startedAtMs }: DemoRun, random: Random, client: Client, index: number): Metric {
  const name = random.pick(['sales', 'refunds', 'shipping', 'visits', 'signups']);
  const agoMs = random.whole(0, 30 * DAY_MS);
  return {
    metric: `${name}-${nonce}`,
    // The index in the cents keeps all records apart, whatever the day.
    cents: random.whole(1, 40) * 100_000 + index * 50,
    atMs: Math.floor((startedAtMs - agoMs) / client.tickMs) * client.tickMs,
  };
}

function spell({ spellings }: Client, way: number, metric: Metric): ReturnType<Spelling> {
  const spelling = spellings[way % spellings.length] ?? spellings[0];
  return spelling(metric);
}

function toDelivery(client: Client, payload: object, fails: boolean, fate: Fate): Delivery {
  const { source } = client;
  return toJsonDelivery(PATH, { source, payload, ...(fails ? { simulateFailure: true } : {}) }, fate);
}

/** Sends the same content once more; what stands around the content may differ. */
function toRepeat({ source }: Client, payload: object, index: number): Delivery {
  const delivery = toJsonDelivery(PATH, { source, payload }, { kind: 'merged' });
  if (index % 4 === 0) return { ...delivery, body: JSON.stringify({ client_id: source, ...payload }) };
  if (index % 4 === 1) {
    const reversed = Object.fromEntries(Object.entries(payload).reverse());
    return { ...delivery, body: JSON.stringify({ payload: reversed, source }, null, 2) };
  }
  return delivery;
}
