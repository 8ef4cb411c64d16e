/*
 * The first admin key.
 *
 *  1. Where the settings give one (BOOTSTRAP_ADMIN_KEY) it is stored by its hash, unless it is known already, and nothing is
 *     printed. One that was revoked stays revoked.
 *  2. Else, while the default tenant has no admin key in force, one is made and printed once, to standard output and not to
 *     the log. Apis that start at once agree on one by a lease.
 *  3. Where standard output is kept, which a key must not be, the settings name a file of its own (BOOTSTRAP_KEY_FILE).
 *     It is written before the key is stored: else a key that nobody ever saw would keep everybody out.
 *  4. MongoDB may be away: it is tried again every second until it is done. The api is not ready before.
 */
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import { createKey, hashKey, toKeyId } from '@sluice/protocol/api-key';
import type { Logger } from '@sluice/runtime/logger';
import type { ApiKeys } from '@sluice/store/api-keys';
import type { Leases } from '@sluice/store/leases';

export type BootstrapOptions = {
  readonly keys: Pick<ApiKeys, 'create' | 'hasAdmin'>;
  readonly leases: Pick<Leases, 'acquire' | 'release'>;
  readonly holder: string;
  /** A key that the settings give. */
  readonly given: string | undefined;
  /** Where the key is written that is made; printed by default. */
  readonly keyFile?: string | undefined;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly print: (text: string) => void;
  /** Pause between attempts; 1 s by default. */
  readonly retryMs?: number;
};

export type Bootstrap = {
  /** Resolves when there is an admin key, or it was stopped. */
  readonly done: Promise<void>;
  /** Resolves once there is an admin key, and rejects with the reason before. */
  check(): Promise<void>;
  stop(): Promise<void>;
};

const RETRY_MS = 1000;
const LEASE_MS = 10_000;

/** Starts to see to it that there is an admin key. */
export function startBootstrap(options: BootstrapOptions): Bootstrap {
  const { logger, retryMs = RETRY_MS } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let reason: string | undefined = 'No admin key was looked for yet.';

  async function run(): Promise<void> {
    let failing = false;
    while (!signal.aborted) {
      try {
        const isThere = await ensureAdmin(options);
        reason = isThere ? undefined : 'Another process makes the first admin key.';
        if (isThere) return;
      } catch (err) {
        reason = `There is no admin key yet: ${err instanceof Error ? err.message : String(err)}`;
        if (!failing) logger.warn({ err }, 'key.bootstrap-waits');
        failing = true;
      }
      await pause(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  const done = run();
  return {
    done,
    async check() {
      if (reason !== undefined) throw new Error(reason);
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

/** Returns false while another process is at it. */
async function ensureAdmin({
  keys,
  leases,
  holder,
  given,
  keyFile,
  logger,
  print,
}: BootstrapOptions): Promise<boolean> {
  const common = { tenant: DEFAULT_TENANT, role: 'admin', sources: null, expiresAt: null } as const;
  if (given !== undefined) {
    const record = { id: toKeyId(given) ?? '', hash: hashKey(given), name: 'given at start', ...common };
    const created = await keys.create({ ...record, createdBy: 'BOOTSTRAP_ADMIN_KEY' });
    if (created !== 'exists') logger.info({ keyId: record.id }, 'key.bootstrapped');
    return true;
  }
  if (await keys.hasAdmin(DEFAULT_TENANT)) return true;
  const lease = await leases.acquire('bootstrap-key', holder, LEASE_MS);
  if (lease === null) return false;
  try {
    // Looked at again: whoever had the lease before may have made it.
    if (await keys.hasAdmin(DEFAULT_TENANT)) return true;
    const { id, hash, key } = createKey();
    if (keyFile !== undefined) await writeKeyFile(keyFile, key);
    await keys.create({ id, hash, name: 'first admin', ...common, createdBy: 'the first start' });
    logger.info({ keyId: id, ...(keyFile === undefined ? {} : { keyFile }) }, 'key.bootstrapped');
    if (keyFile === undefined) print(toBlock(key));
    return true;
  } finally {
    await leases.release(lease);
  }
}

/** Writes anew what is there: it may be readable by others, or a key that was never stored. */
async function writeKeyFile(file: string, key: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
}

function toBlock(key: string): string {
  return [
    '',
    '  The first admin key of this Sluice. It is shown this once, and stored only as a hash.',
    '',
    `      ${key}`,
    '',
    '  Sign in with it at /sign-in, or send it as `Authorization: Bearer <key>`.',
    '',
    '',
  ].join('\n');
}
