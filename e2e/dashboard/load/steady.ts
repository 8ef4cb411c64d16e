import { setTimeout as pause } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';

/** What a page costs that stays open while events arrive. */
export type SteadyFigures = {
  readonly path: string;
  /** How much of the time its main thread was busy, in percent. */
  readonly busyPercent: number;
  /** By how much its heap has grown, in MB, both times right after garbage was collected. */
  readonly grownMb: number;
};

/** How long a page is open before it is measured: first it fills what it holds. */
const WARMUP_MS = 30_000;
const TICK_MS = 100;
const MB = 1_000_000;

/**
 * Leaves pages open while `perSecond` events a second are sent, and measures each of them for some minutes.
 *
 * @throws Error when fewer events were taken than should have been sent
 */
export async function measureSteady(
  pages: readonly Page[],
  {
    minutes,
    perSecond,
    send,
    signal,
  }: {
    readonly minutes: number;
    readonly perSecond: number;
    /** Sends so many events, and resolves when they are taken. */
    readonly send: (count: number) => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<readonly SteadyFigures[]> {
  const measuredMs = minutes * 60_000;
  const sending = sendSteadily(perSecond, WARMUP_MS + measuredMs, send, signal);
  // Whoever waits for it below hears of it; until then it is nobody's error.
  sending.catch(() => undefined);
  const probes = await Promise.all(pages.map(openProbe));
  await Promise.race([pause(WARMUP_MS, undefined, { signal }), sending]);
  const before = await Promise.all(probes.map((probe) => probe.read()));
  const startedAt = performance.now();
  await sending;
  const tookMs = performance.now() - startedAt;
  const after = await Promise.all(probes.map((probe) => probe.read()));
  return pages.map((page, at) => {
    const [from, to] = [before[at], after[at]];
    if (from === undefined || to === undefined) throw new Error('A page was not measured.');
    return {
      path: new URL(page.url()).pathname,
      busyPercent: (100 * (to.busyMs - from.busyMs)) / tookMs,
      grownMb: (to.heapBytes - from.heapBytes) / MB,
    };
  });
}

async function sendSteadily(
  perSecond: number,
  durationMs: number,
  send: (count: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  let sent = 0;
  for (let passedMs = 0; passedMs < durationMs; passedMs = performance.now() - startedAt) {
    const due = Math.floor((passedMs * perSecond) / 1000) - sent;
    if (due > 0) await send(due);
    sent += due;
    await pause(TICK_MS, undefined, { signal });
  }
  const wanted = (durationMs * perSecond) / 1000;
  if (sent < 0.98 * wanted) throw new Error(`${sent} events were sent instead of ${wanted}.`);
}

async function openProbe(page: Page) {
  const session = await page.context().newCDPSession(page);
  // The processor's time, not that of the clock: other programs want the processor, too.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return {
    async read() {
      // Reading the time first: collecting garbage is not the page's own work.
      const busyMs = 1000 * (await readMetric(session, 'TaskDuration'));
      await session.send('HeapProfiler.collectGarbage');
      return { busyMs, heapBytes: await readMetric(session, 'JSHeapUsedSize') };
    },
  };
}

/** Reads a metric of the browser: https://chromedevtools.github.io/devtools-protocol/tot/Performance/ */
async function readMetric(session: CDPSession, wanted: string): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  const found = metrics.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`The browser does not tell ${wanted}.`);
  return found.value;
}
