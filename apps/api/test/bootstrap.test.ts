import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestFolder } from '@sluice/local/test-folder';
import { createKey, hashKey, toKeyId } from '@sluice/protocol/api-key';
import { createApiKeys } from '@sluice/store/api-keys';
import { toCollection } from '@sluice/store/collections';
import { connectStore } from '@sluice/store/connection';
import { createLeases } from '@sluice/store/leases';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type BootstrapOptions, startBootstrap } from '../src/bootstrap.ts';
import { logger, NO_MONGO, useStores } from './fixtures.ts';

const { store } = useStores();
const keys = createApiKeys(store);

function bootstrap(holder: string, options: Partial<BootstrapOptions> = {}) {
  let printed = '';
  const running = startBootstrap({
    ...{ keys, leases: createLeases(store), holder, given: undefined, logger, retryMs: 20 },
    print: (text) => {
      printed += text;
    },
    ...options,
  });
  onTestFinished(running.stop);
  return { ...running, read: () => printed };
}

describe('the first admin key', () => {
  beforeEach(async () => {
    await toCollection(store, 'api_keys').deleteMany({});
  });

  it('is made and printed once, however many apis start, and never again', async () => {
    const started = ['a', 'b', 'c', 'd'].map((holder) => bootstrap(holder));
    await Promise.all(started.map(({ done }) => done));
    const printed = started.map(({ read }) => read()).filter((text) => text !== '');
    expect(printed).toHaveLength(1);
    const key = /slk_\S+_\S{43}/.exec(printed[0] ?? '')?.[0] ?? '';
    expect(await keys.read(toKeyId(key) ?? '')).toMatchObject({ role: 'admin', hash: hashKey(key) });
    const later = bootstrap('e');
    await later.done;
    expect(later.read()).toBe('');
  });

  it('is the one that the settings give, and nothing is printed', async () => {
    const { id, key, hash } = createKey();
    for (const holder of ['a', 'b']) {
      const running = bootstrap(holder, { given: key });
      await running.done;
      expect(running.read()).toBe('');
    }
    expect(await keys.read(id)).toMatchObject({ hash, role: 'admin', tenant: 'default', revokedAt: null });
    expect((await keys.list('default', { limit: 10 })).items).toHaveLength(1);
  });

  it('is written into a file for its owner alone where the settings name one, and nothing is printed', async () => {
    const keyFile = join(await makeTestFolder(), 'admin.key');
    await writeFile(keyFile, 'a key that was never stored\n', { mode: 0o644 });
    const running = bootstrap('a', { keyFile });
    await running.done;
    await running.check();
    expect(running.read()).toBe('');
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const key = (await readFile(keyFile, 'utf8')).trim();
    expect(await keys.read(toKeyId(key) ?? '')).toMatchObject({ role: 'admin', hash: hashKey(key) });
    await rm(keyFile);
    await bootstrap('b', { keyFile }).done;
    await expect(stat(keyFile)).rejects.toThrow('ENOENT');
  });

  it('is not made while its file cannot be written', async () => {
    const running = bootstrap('a', { keyFile: join(await makeTestFolder(), 'not', 'there', 'admin.key') });
    await expect.poll(() => running.check().catch((error: Error) => error.message)).toContain('ENOENT');
    await running.stop();
    expect(await keys.hasAdmin('default')).toBe(false);
  });

  it('waits for MongoDB, and says so', async () => {
    const away = connectStore({ uri: NO_MONGO, appName: 'api-test', operationTimeoutMs: 100 });
    const waiting = bootstrap('a', { keys: createApiKeys(away) });
    await expect(waiting.check()).rejects.toThrow();
    await waiting.stop();
    expect(waiting.read()).toBe('');
    await away.close();
  });
});
