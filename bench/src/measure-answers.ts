import type { Figures } from './case.ts';
import { type CpuPids, startCpuClock } from './cpu.ts';
import { type LoadOptions, runLoad } from './load/load.ts';
import { describeLoad, type LoadResult } from './load/load-spec.ts';

/** Sends a load and measures how it is answered; `pids` names the processes that work on it. */
export async function measureAnswers(
  options: LoadOptions,
  pids: CpuPids,
): Promise<{ readonly figures: Figures; readonly load: LoadResult }> {
  let readCpu: ReturnType<typeof startCpuClock> | undefined;
  let figures: Figures | undefined;
  const load = await runLoad(options, {
    onMeasuring(generator) {
      readCpu = startCpuClock({ generator: [generator], ...pids });
    },
    onDone(result) {
      if (readCpu === undefined) return;
      const { accepted, seconds, latency } = result.measured;
      figures = {
        perSecond: accepted / seconds,
        answered: latency,
        stored: null,
        ...readCpu(accepted),
        extra: describeLoad(result),
      };
    },
  });
  if (figures === undefined) throw new Error('The load ended before it was measured.');
  return { figures, load };
}
