import { type PollSource, pollSourceSchema } from '@sluice/contracts/source';
import { createLogger } from '@sluice/runtime/logger';
import { expect, onTestFinished, test } from 'vitest';
import { startActiveSources } from './active-sources.ts';

const logger = createLogger({ app: 'scheduler', instance: 'sources', level: 'silent' });

function toSource(id: string, url = 'http://erp.test/'): PollSource {
  return pollSourceSchema.parse({
    ...{ id, kind: 'poll', url, schedule: '* * * * * *', idPath: 'id' },
    cursor: { kind: 'page', param: 'page' },
  });
}

/** Starts to read the sources of a list that the test changes; nothing is read again by itself. */
function start() {
  const stored: PollSource[] = [];
  const heard: string[] = [];
  const sources = startActiveSources({
    store: { list: async () => stored.map((source) => ({ ...source })), listPaused: async () => [] },
    listener: {
      start: ({ id }) => void heard.push(`start ${id}`),
      stop: (id) => void heard.push(`stop ${id}`),
    },
    logger,
    readEveryMs: 1_000_000,
  });
  onTestFinished(() => sources.stop());
  return { stored, heard, sources };
}

test('a source is found right after it was added', async () => {
  const { stored, heard, sources } = start();
  expect(await sources.find('erp')).toBeUndefined();
  stored.push(toSource('erp'));
  expect(await sources.find('erp')).toMatchObject({ id: 'erp' });
  expect([heard, sources.ids()]).toEqual([['start erp'], ['erp']]);
});

test('a source that was found is no longer active once it is changed or gone', async () => {
  const { stored, heard, sources } = start();
  stored.push(toSource('erp'), toSource('crm'));
  const [erp, crm] = [await sources.find('erp'), await sources.find('crm')];
  if (erp === undefined || crm === undefined) throw new Error('They were not found.');
  expect([sources.isActive(erp), sources.isActive(crm)]).toEqual([true, true]);
  stored.splice(0, 2, toSource('erp', 'http://new.test/'));
  await sources.find('unknown');
  expect([sources.isActive(erp), sources.isActive(crm)]).toEqual([false, false]);
  expect(await sources.find('erp')).toMatchObject({ url: 'http://new.test/' });
  expect(heard).toEqual(['start erp', 'start crm', 'stop erp', 'stop crm', 'start erp']);
});

test('after the end what is known is still found, and nothing is read', async () => {
  const { stored, heard, sources } = start();
  stored.push(toSource('erp'));
  const erp = await sources.find('erp');
  await sources.stop();
  stored.length = 0;
  expect(await sources.find('erp')).toBe(erp);
  expect(heard).toEqual(['start erp', 'stop erp']);
});
