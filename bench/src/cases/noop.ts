import { join } from 'node:path';
import { METRIC } from '../bodies.ts';
import type { Case, CaseContext, Figures } from '../case.ts';
import { measureAnswers } from '../measure-answers.ts';
import { startNodeServer } from '../node-process.ts';

const SCRIPT = join(import.meta.dirname, '../noop-server.ts');

/** Measures the server that does nothing; `perSecond` null sends as fast as it answers. */
export async function measureNoop(
  { resources, seconds }: Pick<CaseContext, 'resources' | 'seconds'>,
  perSecond: number | null = null,
): Promise<Figures> {
  const server = await startNodeServer(SCRIPT);
  resources.defer(server.kill);
  const load = { ...METRIC, url: server.url, seconds, perSecond };
  const { figures } = await measureAnswers(load, { http: [server.pid] });
  return figures;
}

/** The ceiling: what Fastify answers when it does nothing. */
export const noop: Case = {
  rows: ['noop'],
  besideNoop: false,
  isLong: false,
  run: async (context) => ({ noop: await measureNoop(context) }),
};
