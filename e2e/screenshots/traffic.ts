import { setTimeout as pause } from 'node:timers/promises';

/** What was sent, and the event whose page is shown. */
export type Sent = { readonly count: number; readonly shownId: string };

const TICK_MS = 500;

type Item = { readonly source: string; readonly payload: unknown; readonly simulateFailure?: number | 'all' };

/** Sends events for some minutes, more and fewer of them by and by, as the working day of a clinic and a shop does. */
export async function sendTraffic(ingestUrl: string, minutes: number, signal: AbortSignal): Promise<Sent> {
  const random = createRandom(7);
  const endMs = Date.now() + minutes * 60_000;
  const send = createSend(ingestUrl);
  let count = 0;
  for (let tick = 0; Date.now() < endMs; tick += 1) {
    signal.throwIfAborted();
    const items = toItems(tick, random);
    await send.batch(items);
    if (tick % 9 === 0) await send.vital(tick, random);
    if (tick % 7 === 3) await send.refused(tick);
    count += items.length;
    await pause(TICK_MS, undefined, { signal });
  }
  // The one that is shown was retried and has every field mapped; it comes last, so that it is near the top.
  const shownId = await send.one({
    source: 'icu-west',
    payload: { dev: 'D-1042', vitals: { hr: '72', br: 16 }, ts: Math.floor(Date.now() / 1000), fw: '2.1' },
    simulateFailure: 3,
  });
  for (let tick = 0; tick < 8; tick += 1) {
    await send.batch(toItems(tick, random));
    await pause(TICK_MS, undefined, { signal });
  }
  return { count: count + 1, shownId };
}

function toItems(tick: number, random: () => number): readonly Item[] {
  const wave = 7 + 5 * Math.sin(tick / 40) + 3 * Math.sin(tick / 11);
  const count = Math.max(1, Math.round(wave * (0.7 + 0.6 * random())));
  return Array.from({ length: count }, (_, index) => toItem(tick, index, random));
}

function toItem(tick: number, index: number, random: () => number): Item {
  const now = Math.floor(Date.now() / 1000);
  const dice = random();
  if (dice < 0.5) {
    const heartRate = Math.round(62 + 20 * random());
    const vitals = dice < 0.012 ? { br: 15 } : { hr: String(heartRate), br: Math.round(12 + 6 * random()) };
    const payload = { dev: `D-${1000 + Math.floor(random() * 24)}`, vitals, ts: now, fw: '2.1' };
    return {
      source: 'icu-west',
      payload,
      ...(dice > 0.495 ? { simulateFailure: dice > 0.4985 ? 'all' : 2 } : {}),
    };
  }
  if (dice < 0.82) {
    // Every tenth is the one before, written in another way.
    const same = index % 10 === 9;
    const amount = (Math.floor(random() * 9000) / 100).toFixed(2).replace('.', ',');
    const price = dice > 0.812 ? { net: amount } : { gross: `${same ? '12,50' : amount} €` };
    const at = new Date(same ? Math.floor(Date.now() / 60_000) * 60_000 : Date.now()).toISOString();
    return {
      source: 'shop',
      payload: {
        kind: random() < 0.8 ? 'sales' : 'refunds',
        price,
        at,
        till: index % 4,
        no: `${tick}-${index}`,
      },
    };
  }
  return {
    source: 'erp',
    payload: { metric: 'stock', amount: Math.floor(random() * 500), timestamp: now, item: `SKU-${index}` },
  };
}

function createSend(ingestUrl: string) {
  async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<unknown> {
    const response = await fetch(new URL(path, ingestUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return response.json();
  }
  return {
    batch: (items: readonly Item[]) => post('/api/events/batch', JSON.stringify(items)),
    one: async (item: Item) => ((await post('/api/events', JSON.stringify(item))) as { id: string }).id,
    vital: (tick: number, random: () => number) =>
      post(
        '/vital-data',
        JSON.stringify({
          device: `watch-${1 + (tick % 12)}`,
          timestamp: Math.floor(Date.now() / 1000),
          heartRateValue: Math.round(58 + 30 * random()),
          breathRateValue: Math.round(11 + 8 * random()),
        }),
      ),
    refused: (tick: number) =>
      tick % 2 === 0
        ? post('/hooks/ward-3', '{"dev":"W-1"}', { 'x-ward-signature': '00' })
        : post('/api/events', '{"source":"shop","payload":'),
  };
}

/** Mulberry32: small, and the same every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
