import type { Figures } from './case.ts';
import { startCpuClock } from './cpu.ts';
import { type LoadOptions, runLoad } from './load/load.ts';
import { describeLoad, type LoadResult } from './load/load-spec.ts';
import type { Sluice } from './sluice.ts';
import { toStoredLatency } from './stored-times.ts';

/** An end to end measurement: its figures, what was sent, and the backlog of each second. */
export type EndToEnd = {
  readonly figures: Figures;
  readonly load: LoadResult;
  /** Events accepted and not yet stored, once a second while the load was measured. */
  readonly backlog: readonly number[];
};

/**
 * Sends a load to a Sluice with workers and waits until the last event is stored. Measured is from the end of the
 * warming up to that moment, so that a queue that grows during the load lowers the rate; then the counts are checked.
 *
 * @param storedBefore how many events the Sluice holds already
 * @param onSecond called every second while the load is measured
 * @throws CountsOffError
 */
export async function measureEndToEnd(
  sluice: Sluice,
  options: Omit<LoadOptions, 'url'>,
  { storedBefore = 0, onSecond }: { readonly storedBefore?: number; readonly onSecond?: () => void } = {},
): Promise<EndToEnd> {
  const looks: Promise<unknown>[] = [];
  const backlog: number[] = [];
  let readFigures: ReturnType<typeof beginMeasuring> | undefined;
  let figures: Figures | undefined;
  const load = await runLoad(
    { ...options, url: sluice.url },
    {
      onMeasuring(generator) {
        readFigures = beginMeasuring(sluice, generator);
      },
      onProgress(accepted) {
        onSecond?.();
        looks.push(
          sluice.countStored().then((stored) => backlog.push(Math.max(0, storedBefore + accepted - stored))),
        );
      },
      async onDone(result) {
        const total = storedBefore + result.accepted;
        await sluice.untilStored(total);
        figures = await readFigures?.(result, total);
      },
    },
  );
  if (figures === undefined) throw new Error('The load ended before it was measured.');
  await Promise.all(looks);
  await sluice.checkCounts(storedBefore + load.accepted);
  const extra = { ...figures.extra, 'backlog at the end, events': backlog.at(-1) ?? 0 };
  return { figures: { ...figures, extra }, load, backlog };
}

/** Begins to measure; the function that it returns is called when the last event is stored. */
function beginMeasuring(sluice: Sluice, generator: number) {
  const fromMs = performance.now();
  const readCpu = startCpuClock({ generator: [generator], ...sluice.pids() });
  const before = Promise.all([sluice.countStored(), sluice.readStoredTimes()]);
  // Whoever asks for the figures hears of it; until then it is nobody's error.
  before.catch(() => undefined);

  return async (result: LoadResult, total: number): Promise<Figures> => {
    const seconds = (performance.now() - fromMs) / 1000;
    const [storedAtFirst, times] = await before;
    const stored = total - storedAtFirst;
    return {
      perSecond: stored / seconds,
      answered: result.measured.latency,
      ...readCpu(stored),
      stored: toStoredLatency(times, await sluice.readStoredTimes()),
      extra: describeLoad(result),
    };
  };
}
