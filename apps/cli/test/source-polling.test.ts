import { ERRORS } from '@sluice/contracts/errors';
import { expect, it } from 'vitest';
import { MENDS } from '../src/mends.ts';
import { runSluice } from './sluice.ts';
import { startStubApi, toProblem } from './stub-api.ts';

const ITEM = {
  ...{ id: 'erp', kind: 'poll', owner: 'file', active: true, paused: true, revision: 1 },
  ...{ updatedAt: '2026-11-22T07:00:00.000Z', mappingRevision: null, source: {} },
};

it.each([
  ['poll', { source: 'erp', queued: true }, 'A poll of erp is asked for.'],
  ['pause', ITEM, 'erp is paused.'],
  ['resume', ITEM, 'erp is polled again.'],
])('asks the api to %s a source, and says so', async (command, answer, sentence) => {
  const asked: string[] = [];
  const api = await startStubApi(({ method, url }) => {
    asked.push(`${method} ${url}`);
    return { status: 200, body: JSON.stringify(answer) };
  });
  const ended = await runSluice(['sources', command, 'erp', '--url', api.url]);
  expect(ended).toMatchObject({ code: 0, stdout: `${sentence}\n` });
  expect(asked).toEqual([`POST /api/sources/erp/${command}`]);
});

it.each(['ERR_SOURCE_NOT_POLLED', 'ERR_SOURCE_PAUSED'] as const)(
  'says the title and the remedy, once each, of a refusal that has nothing to add: %s',
  async (refusal) => {
    const { title, mend } = ERRORS[refusal];
    const api = await startStubApi(() => ({ status: 409, body: toProblem(409, refusal, mend) }));
    const ended = await runSluice(['sources', 'poll', 'shop', '--url', api.url]);
    expect(ended).toMatchObject({ code: 6, stderr: `sluice: ${title} ${MENDS[refusal] ?? mend}\n` });
  },
);
