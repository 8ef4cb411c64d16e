import { existsSync } from 'node:fs';
import { toListenerUrl } from '@sluice/runtime/listener-url';
import { loadSourcesFile } from '@sluice/sources/sources-file';
import { loadSettings } from '../config.ts';
import { findMongo, findRedis } from '../store-address.ts';
import { checkApps } from './app-checks.ts';
import { type Check, ok, runCheck } from './check.ts';
import { checkMongo } from './mongo-checks.ts';
import { PARTS, type Part } from './parts.ts';
import { checkRedis } from './redis-checks.ts';
import { checkStored } from './stored-checks.ts';

const MEND_SETTING = 'Mend the setting; docs/configuration.md lists them all.';

const EVERY_SETTING = [
  ...(['REDIS_URL', 'MONGODB_URI', 'QUEUE_PREFIX', 'HOST', 'INGEST_URL', 'LIVE_URL', 'WORKER_PORT'] as const),
  ...([
    'SCHEDULER_PORT',
    'SUPPORTED_SCHEMA_VERSIONS',
    'SECRETS_KEY',
    'SECRETS_KEYS_OLD',
    'SOURCES_FILE',
  ] as const),
];

/** Checks the parts side by side; one that is broken hides no other. `apiUrl` is where the api is asked. */
export async function examine(parts: readonly Part[], apiUrl: string): Promise<readonly Check[]> {
  const examined = PARTS.filter((part) => parts.includes(part)).map((part) => EXAMINERS[part](apiUrl));
  return (await Promise.all(examined)).flat();
}

const EXAMINERS: Readonly<Record<Part, (apiUrl: string) => Promise<readonly Check[]>>> = {
  settings: async () => [
    await runCheck('settings', MEND_SETTING, () => {
      loadSettings(...EVERY_SETTING);
      return ok('The settings here are valid.');
    }),
    await runCheck('sources file', 'Mend the file; docs/sources.md tells what may stand in it.', async () => {
      const { SOURCES_FILE: file } = loadSettings('SOURCES_FILE');
      const sources = await loadSourcesFile(file);
      if (sources.length === 0 && !existsSync(file)) return ok(`There is no ${file}; none is needed.`);
      return ok(`${file} declares ${sources.length} ${sources.length === 1 ? 'source' : 'sources'}.`);
    }),
  ],
  redis: async () =>
    withSettings('redis', async () => {
      const { QUEUE_PREFIX: prefix } = loadSettings('QUEUE_PREFIX');
      return checkRedis(await findRedis(), prefix);
    }),
  mongodb: async () => withSettings('mongodb', async () => checkMongo(await findMongo(), checkStored)),
  apps: async (apiUrl) => withSettings('apps', () => checkApps(toApps(apiUrl))),
};

/** A part whose settings are wrong, or that goes wrong as a whole, is one failed check. */
async function withSettings(name: Part, check: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  let checks: readonly Check[] = [];
  const whole = await runCheck(name, MEND_SETTING, async () => {
    checks = await check();
    return ok('');
  });
  return whole.status === 'ok' ? checks : [whole];
}

function toApps(apiUrl: string) {
  const names = ['INGEST_URL', 'LIVE_URL', 'HOST', 'WORKER_PORT', 'SCHEDULER_PORT'] as const;
  const { INGEST_URL, LIVE_URL, HOST, WORKER_PORT, SCHEDULER_PORT } = loadSettings(...names);
  return [
    { name: 'api', url: apiUrl, mend: 'Start it, or name its address by --url or SLUICE_URL.' },
    { name: 'ingest', url: INGEST_URL, mend: 'Start it, or set INGEST_URL to its address.' },
    { name: 'live', url: LIVE_URL, mend: 'Start it, or set LIVE_URL to its address.' },
    {
      name: 'worker',
      url: toListenerUrl(HOST, WORKER_PORT),
      mend: 'Start one, or set HOST and WORKER_PORT to where one is; --skip apps leaves this out.',
    },
    {
      name: 'scheduler',
      url: toListenerUrl(HOST, SCHEDULER_PORT),
      mend: 'Start one, or set HOST and SCHEDULER_PORT to where one is; --skip apps leaves this out.',
    },
  ];
}
