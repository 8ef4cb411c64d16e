import { join } from 'node:path';
import type { Case, Figures } from '../case.ts';
import { startNodeProcess } from '../node-process.ts';

const SCRIPT = join(import.meta.dirname, '../normalize-process.ts');

type Costs = { readonly bareUs: number; readonly wholeUs: number };

/** Making a record of the metric event, against parsing it and hashing its bytes; on one core, without any server. */
export const normalize: Case = {
  rows: ['parseAndHash', 'normalizeAndHash'],
  besideNoop: false,
  isLong: false,
  async run({ seconds }) {
    const child = startNodeProcess(SCRIPT, [`${seconds}`]);
    const { promise, resolve } = Promise.withResolvers<Costs>();
    // Only our own program sends there, so its word is taken.
    child.onMessage((message) => resolve(message as Costs));
    try {
      const { bareUs, wholeUs } = await child.waitFor(promise);
      return { parseAndHash: toFigures(bareUs), normalizeAndHash: toFigures(wholeUs) };
    } finally {
      await child.kill();
    }
  },
};

function toFigures(us: number): Figures {
  return {
    perSecond: 1e6 / us,
    answered: null,
    stored: null,
    cpuUs: {},
    foreignShare: null,
    extra: { 'µs per event': us },
  };
}
