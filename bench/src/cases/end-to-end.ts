import { METRIC } from '../bodies.ts';
import type { Case, CaseContext, Figures } from '../case.ts';
import { measureEndToEnd } from '../measure-end-to-end.ts';
import { type Appendfsync, startSluice } from '../sluice.ts';

async function measure(context: CaseContext, appendfsync: Appendfsync): Promise<Figures> {
  const sluice = await startSluice(context, appendfsync);
  await sluice.addWorkers(1);
  const { figures } = await measureEndToEnd(sluice, { ...METRIC, seconds: context.seconds });
  return figures;
}

/** Everything at once, as fast as it goes, at `appendfsync everysec`. */
export const endToEnd: Case = {
  rows: ['endEverysec'],
  besideNoop: true,
  isLong: false,
  run: async (context) => ({ endEverysec: await measure(context, 'everysec') }),
};

/** The same at `appendfsync always`, the default. */
export const endToEndAlways: Case = {
  rows: ['endAlways'],
  besideNoop: true,
  isLong: false,
  run: async (context) => ({ endAlways: await measure(context, 'always') }),
};
