/*
 * A crowd that watches one process of live.
 *
 *  1. A few readers come, and some records are stored: this is the measure of the memory.
 *  2. Idle clients, whose filter wants nothing, and stuck ones, who never read, come beside them.
 *  3. Records are stored at a steady rate. Every reader tells how long after storing it hears of each.
 *  4. The process is started anew, more records are stored meanwhile, and as many as there were come back at once, each
 *     with the id of another moment. They must hear all that they missed.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { NormalizedEventDocument } from '@sluice/contracts/event';
import { toCollection } from '@sluice/store/collections';
import type { StoreConnection } from '@sluice/store/connection';
import { hearEvents, openRaw } from './raw-client.ts';

export type CrowdOptions = {
  readonly store: StoreConnection;
  /** A process of live. */
  readonly liveUrl: string;
  readonly metricsUrl: string;
  /** Starts the process anew, at the same address. */
  readonly restart: () => Promise<void>;
  readonly idleCount: number;
  readonly stuckCount: number;
  readonly readerCount: number;
  readonly recordCount: number;
  readonly recordsPerSecond: number;
  readonly recordBytes: number;
};

/** What was seen. */
export type CrowdFigures = {
  /** From storing until a reader heard of it, in milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  /** By how much the memory of the process grew, in MiB. */
  readonly grownMiB: number;
  /** How long it took until all that came back had heard everything, in milliseconds. */
  readonly backMs: number;
  /** Change streams that were opened for those that came back. */
  readonly catchUps: number;
  /** Records that somebody did not hear of, or twice. */
  readonly wrong: number;
};

const WARM_UP_COUNT = 50;
const ROUND_COUNT = 10;
const MISSED_COUNT = 50;
const SAMPLE_MS = 250;
const MEBIBYTE = 1024 ** 2;

/** Lets a crowd watch; every socket is closed at the end. */
export async function runCrowd(options: CrowdOptions): Promise<CrowdFigures> {
  const { store, liveUrl, metricsUrl, idleCount, stuckCount, readerCount, recordCount } = options;
  const sockets: Socket[] = [];
  const collection = toCollection(store, 'normalized_events');
  const filling = randomBytes(options.recordBytes / 2).toString('hex');
  let stored = 0;

  async function insert(count: number): Promise<void> {
    const documents = Array.from({ length: count }, () => toDocument(stored++, filling));
    await collection.insertMany(documents);
  }

  async function openAll(count: number, toPath: (index: number) => string): Promise<Socket[]> {
    const opened = await Promise.all(
      Array.from({ length: count }, (_, n) => openRaw(`${liveUrl}${toPath(n)}`)),
    );
    sockets.push(...opened);
    return opened;
  }

  try {
    const readers = (await openAll(readerCount, () => '/stream')).map(hear);
    await insert(WARM_UP_COUNT);
    await Promise.all(readers.map((reader) => reader.heard(WARM_UP_COUNT)));
    const before = await readMetric(metricsUrl, 'process_resident_memory_bytes');
    let most = before;
    const done = new AbortController();
    const sampling = sampleUntil(done.signal, async () => {
      most = Math.max(most, await readMetric(metricsUrl, 'process_resident_memory_bytes'));
    });
    for (const socket of await openAll(idleCount, toIdlePath)) socket.resume();
    await openAll(stuckCount, (n) => (n % 2 === 0 ? '/stream' : '/stream/ws'));

    const startedMs = performance.now();
    for (let n = ROUND_COUNT; n <= recordCount; n += ROUND_COUNT) {
      await insert(ROUND_COUNT);
      await pause(Math.max(0, startedMs + (n / options.recordsPerSecond) * 1000 - performance.now()));
    }
    await Promise.all(readers.map((reader) => reader.heard(stored)));
    done.abort();
    await sampling;
    const latencies = readers
      .flatMap(({ latencies }) => latencies.slice(WARM_UP_COUNT))
      .sort((a, b) => a - b);
    const wrong = readers.reduce((sum, { numbers }) => sum + countWrong(numbers, 0, stored), 0);

    const ids = readers[0]?.ids ?? [];
    for (const socket of sockets.splice(0)) socket.destroy();
    await Promise.all([insert(MISSED_COUNT), options.restart()]);
    const back = await comeBack(options, ids, stored, sockets);
    const catchUps = await readMetric(metricsUrl, 'sluice_live_catch_ups_total');
    const at = (share: number) =>
      Math.round(latencies[Math.ceil(latencies.length * share) - 1] ?? Number.NaN);
    return {
      latency: { p50: at(0.5), p99: at(0.99), max: at(1) },
      grownMiB: Math.round((most - before) / MEBIBYTE),
      catchUps,
      backMs: back.ms,
      wrong: wrong + back.wrong,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Half of the idle clients are WebSockets; those are cut off after 30 s, because they answer no ping. */
function toIdlePath(n: number): string {
  return n % 2 === 0 ? '/stream?source=nobody' : '/stream/ws?source=nobody';
}

async function comeBack(
  { idleCount, liveUrl }: CrowdOptions,
  ids: readonly string[],
  stored: number,
  sockets: Socket[],
): Promise<{ readonly ms: number; readonly wrong: number }> {
  const startedMs = performance.now();
  const all = await Promise.all(
    Array.from({ length: idleCount }, async (_, n) => {
      // From the last hundred positions: each client missed something else.
      const index = ids.length - 1 - (n % Math.min(100, ids.length));
      const socket = await openRaw(`${liveUrl}/stream`, ids[index]);
      sockets.push(socket);
      const reader = hear(socket);
      await reader.heard(stored - index - 1);
      return countWrong(reader.numbers, index + 1, stored);
    }),
  );
  return {
    ms: Math.round(performance.now() - startedMs),
    wrong: all.reduce((sum, count) => sum + count, 0),
  };
}

function hear(socket: Socket) {
  const numbers: number[] = [];
  const ids: string[] = [];
  const latencies: number[] = [];
  const waiting = new Map<number, () => void>();
  hearEvents(socket, (event, id, data) => {
    if (event !== 'event') return;
    const { data: record, storedAt } = JSON.parse(data);
    numbers.push(record.n);
    ids.push(id ?? '');
    latencies.push(Date.now() - Date.parse(storedAt));
    waiting.get(numbers.length)?.();
  });
  return {
    numbers,
    ids,
    latencies,
    /** Resolves once so many records were heard; rejects when the stream ends before. */
    async heard(count: number): Promise<void> {
      if (numbers.length >= count) return;
      const enough = new Promise<void>((resolve) => waiting.set(count, resolve));
      const ended = once(socket, 'close').then(() => {
        throw new Error(`A reader was cut off after ${numbers.length} of ${count} records.`);
      });
      await Promise.race([enough, ended]);
      ended.catch(() => undefined);
    },
  };
}

/** Counts what is not where it should be, when the records from `from` to before `to` should have been heard. */
function countWrong(numbers: readonly number[], from: number, to: number): number {
  const missing = Math.max(0, to - from - numbers.length);
  return missing + numbers.filter((number, index) => number !== from + index).length;
}

async function sampleUntil(signal: AbortSignal, sample: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await sample();
    await pause(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Reads a metric of the process, summed over its labels. */
async function readMetric(metricsUrl: string, name: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

function toDocument(n: number, filling: string): NormalizedEventDocument {
  const now = new Date();
  return {
    _id: `evt_${randomBytes(16).toString('hex')}`,
    tenant: 'default',
    source: 'crowd',
    type: 'metric',
    subject: null,
    timestamp: now,
    data: { n, filling },
    normalizedHash: randomBytes(32).toString('hex'),
    contentHash: randomBytes(32).toString('hex'),
    schemaVersion: 1,
    mappingRevision: null,
    lineage: {},
    warnings: [],
    receivedAt: now,
    storedAt: now,
  };
}
