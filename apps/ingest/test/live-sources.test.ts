import { sign as signAsGithub } from '@octokit/webhooks-methods';
import { pushSourceSchema } from '@sluice/contracts/source';
import { createTestNames } from '@sluice/local/test-names';
import { createLogger } from '@sluice/runtime/logger';
import { createSourceSealer } from '@sluice/sources/source-sealer';
import { createSourceStore, type SourceRecord } from '@sluice/store/sources-store';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { startLiveSources } from '../src/live-sources.ts';
import { type Ingest, SECRET_BOX, startIngest } from './ingest.ts';
import { send } from './send.ts';

const { prefix, mongoUrl } = createTestNames();
const BODY = '{"n":1}';
const sealer = createSourceSealer(SECRET_BOX);
let ingest: Ingest;

beforeAll(async () => {
  ingest = await startIngest({ redisUrl: inject('redisUrl'), mongoUrl, prefix, sources: [] });
});
afterAll(async () => {
  await ingest.store.db.dropDatabase();
  await ingest.close();
});

function toSource(secret: string, id = 'made') {
  return sealer.seal(
    pushSourceSchema.parse({
      id,
      tenant: 'acme',
      kind: 'push',
      scheme: 'github',
      secrets: [{ value: secret }],
    }),
  );
}

async function deliver(secret: string, path = '/hooks/made') {
  const headers = {
    'content-type': 'application/json',
    'x-hub-signature-256': await signAsGithub(secret, BODY),
  };
  return (await send(ingest.port, { path, headers, body: BODY })).status;
}

it('takes a source that is made, changed and taken away while it runs', async () => {
  const store = createSourceStore(ingest.store);
  await vi.waitFor(async () => expect(await deliver('first')).toBe(401));
  const { revision } = (await store.create(toSource('first'))) as SourceRecord;
  await vi.waitFor(async () => expect(await deliver('first')).toBe(202), { timeout: 5000 });
  const [event] = await ingest.listQueued();
  expect(event).toMatchObject({ source: 'made', tenant: 'acme' });

  const changed = (await store.replace(toSource('second'), revision)) as SourceRecord;
  await vi.waitFor(async () => expect(await deliver('first')).toBe(401), { timeout: 5000 });
  expect(await deliver('second')).toBe(202);

  await store.deactivate('made', changed.revision);
  await vi.waitFor(async () => expect(await deliver('second')).toBe(401), { timeout: 5000 });
});

it('goes on with the others when the secret of one does not open', async () => {
  const store = createSourceStore(ingest.store);
  const foreign = toSource('first', 'other-id');
  await store.create({ ...foreign, id: 'moved' });
  await store.create(toSource('first', 'sound'));
  await vi.waitFor(async () => expect(await deliver('first', '/hooks/sound')).toBe(202), { timeout: 5000 });
  expect(await deliver('first', '/hooks/moved')).toBe(401);
});

it('says that a source does not exist only when the store was asked', async () => {
  const { promise, resolve } = Promise.withResolvers<{ version: string; sources: []; unreadable: [] }>();
  const live = startLiveSources({
    declared: [],
    store: { list: () => promise, changedSince: async () => null },
    box: SECRET_BOX,
    environment: { readEnv: () => undefined, now: Date.now },
    logger: createLogger({ app: 'ingest', instance: prefix, level: 'silent' }),
  });
  expect(live.sources.isComplete).toBe(false);
  resolve({ version: '1', sources: [], unreadable: [] });
  await vi.waitFor(() => expect(live.sources.isComplete).toBe(true));
  await live.stop();
});
