/*
 * A whole Sluice with a backup that harm is done to: the stack, a second MongoDB behind a proxy, and two replicators, of
 * which one is active.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createGuard } from '@sluice/local/guard';
import type { KeptApp } from '@sluice/local/kept-app';
import { type KeptServer, keepServer } from '@sluice/local/kept-server';
import { startMongo } from '@sluice/local/mongo';
import { findFreePort } from '@sluice/local/ports';
import { startApps } from '@sluice/local/processes';
import type { Environment, Say } from '@sluice/local/say';
import { type Stack, startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';

export type BackupStack = {
  readonly stack: Stack;
  readonly backup: KeptServer;
  readonly proxy: FaultProxy;
  readonly replicators: readonly KeptApp[];
  /** The backup's address without the proxy. */
  readonly backupUri: string;
  readonly stop: () => Promise<void>;
};

const ROOT = resolve(import.meta.dirname, '../..');
const DATABASE = 'sluice';
const REPLICATORS = 2;

/** Starts all of it; what was started is stopped when that fails. */
export async function startBackupStack(options: {
  readonly env: Environment;
  readonly say: Say;
  readonly signal: AbortSignal;
}): Promise<BackupStack> {
  const undo = new AsyncDisposableStack();
  try {
    return await start(options, undo);
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

async function start(
  { env, say, signal }: { readonly env: Environment; readonly say: Say; readonly signal: AbortSignal },
  undo: AsyncDisposableStack,
): Promise<BackupStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-backup-'));
  undo.defer(() => rm(dataDir, { recursive: true, force: true }));
  const guard = createGuard();
  undo.defer(guard.close);
  const port = await findFreePort();
  const open = () => startMongo({ dir: join(dataDir, 'backup'), port, env, say, guard });
  const backup = await keepServer('The backup', open, say);
  undo.defer(() => backup.stop());
  const proxy = await startFaultProxy(port);
  undo.defer(proxy.close);
  const stack = await startStack({
    ...{ root: ROOT, dataDir, say, signal, ports: ANY_PORTS, workers: 2, schedulers: 1, keepsPast: true },
    env: { ...env, AUTH: 'off', BACKUP_MONGODB_URI: undefined, MONGODB_ATLAS_URI: undefined },
  });
  undo.defer(() => stack.stop());
  const toUri = (at: number) => `mongodb://127.0.0.1:${at}/${DATABASE}?directConnection=true`;
  const specs = await Promise.all(
    Array.from({ length: REPLICATORS }, async (_, index) => {
      const own = await findFreePort();
      return {
        ...{ name: 'replicator', label: `replicator-${index + 1}`, probeUrl: `http://127.0.0.1:${own}` },
        env: {
          ...env,
          ...{ HOST: '127.0.0.1', REPLICATOR_PORT: `${own}`, REDIS_URL: stack.redisUrl },
          ...{ MONGODB_URI: stack.mongodbUri, MONGODB_LOCAL_URI: undefined },
          ...{ BACKUP_MONGODB_URI: toUri(proxy.port), MONGODB_ATLAS_URI: undefined, SYNC_ENABLED: 'on' },
          // Each has to go on behind the other.
          SYNC_OPLOG: index % 2 === 0 ? 'on' : 'off',
        },
      };
    }),
  );
  const apps = await startApps({
    root: ROOT,
    logDir: join(dataDir, 'logs'),
    guard,
    say,
    signal,
    apps: specs,
  });
  undo.defer(() => apps.stop());
  return {
    ...{ stack, backup, proxy, replicators: apps.list(), backupUri: toUri(port) },
    stop: () => undo.disposeAsync(),
  };
}
