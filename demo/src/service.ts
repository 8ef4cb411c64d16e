import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildDashboard } from '@sluice/local/dashboard-build';
import { type Stack, startStack } from '@sluice/local/stack';
import { loadStackSettings } from '@sluice/runtime/stack-settings';
import { GITHUB_SOURCE } from './inputs/github.ts';
import { LATEST_BY_MS, ORDERS_SOURCE } from './inputs/orders.ts';

/** What the demo's Sluice is started with. */
export type ServiceOptions = {
  /** Signs the webhooks of GitHub. */
  readonly githubSecret: string;
  /** Where the legacy system has its orders. */
  readonly ordersUrl: string;
  readonly say: (sentence: string) => void;
  /** Gives up starting. */
  readonly signal: AbortSignal;
};

/** A running Sluice, and where its logs are. */
export type Service = { readonly stack: Stack; readonly logDir: string };

const ROOT = resolve(import.meta.dirname, '../..');
const SECRET_SETTING = 'DEMO_GITHUB_SECRET';

/** What a demo needs, whatever the environment says: it sends simulated failures, and no keys. */
const FORCED = { HOST: '127.0.0.1', AUTH: 'off', FAILURE_SIMULATION: 'on', UNKNOWN_SOURCES: 'accept' };

/**
 * Starts Sluice as `npm start` does, with two sources of the demo's own: GitHub's webhooks, and the legacy system's
 * orders, polled every two seconds. The file that declares them is kept in the data folder.
 *
 * @throws StartError, ConfigError: their messages are all that a person needs
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { githubSecret, ordersUrl, say, signal } = options;
  const settings = loadStackSettings(ROOT, FORCED);
  const { redisUrl, mongodbUri, dataDir } = settings;
  const started = [redisUrl === undefined ? 'Redis, ' : '', mongodbUri === undefined ? 'MongoDB, ' : ''];
  say(
    `Starting ${started.join('')}ingest, api, live, scheduler and workers; data and logs are in ${dataDir}.`,
  );
  await buildDashboard(ROOT, say);
  signal.throwIfAborted();
  const sourcesFile = join(dataDir, 'demo.sources.yaml');
  const env = { ...settings.env, SOURCES_FILE: sourcesFile, [SECRET_SETTING]: githubSecret };
  const stack = await startStack({
    ...settings,
    env,
    say,
    signal,
    // Not before the folder is ours: a demo that runs on it has this file, too.
    prepare: () => writeFile(sourcesFile, toSourcesFile(ordersUrl)),
  });
  return { stack, logDir: join(dataDir, 'logs') };
}

function toSourcesFile(ordersUrl: string): string {
  return `# Written by npm run demo at every start.
sources:
  - id: ${GITHUB_SOURCE}
    kind: push
    scheme: github
    secrets: [{ env: ${SECRET_SETTING} }]
  - id: ${ORDERS_SOURCE}
    kind: poll
    type: order
    url: ${ordersUrl}
    allowPrivate: true
    schedule: "*/2 * * * * *"
    format: json
    recordsPath: data.items
    idPath: id
    cursor: { kind: timestamp, param: since, path: updated_at, lookback: ${(2 * LATEST_BY_MS) / 1000} }
    pageParam: page
    limitParam: limit
    pageSize: 50
`;
}
