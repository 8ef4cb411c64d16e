/*
 * `npm run screenshots`: the pictures of the dashboard in docs/images.
 *
 * 1. A whole Sluice with a backup is started on its own Redis and MongoDB, in a folder that is thrown away.
 * 2. Several sources send to it for some minutes (`--minutes 10`), with repeats, mistakes and failures among it.
 * 3. Chromium opens each page in both themes, and what it shows is kept.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { orUsage, parseOptions, readNumber, UsageError } from '@sluice/local/command-line';
import { buildDashboard } from '@sluice/local/dashboard-build';
import { startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { loadStackSettings } from '@sluice/runtime/stack-settings';
import { takePictures } from './pictures.ts';
import { SOURCES } from './sources.ts';
import { sendTraffic } from './traffic.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const USAGE =
  'Usage: npm run screenshots -- [--minutes N]\n\n  --minutes  how long is sent before pictures are taken (10, at most 60)\n';
const DEFAULT_MINUTES = 10;
const MAX_MINUTES = 60;

const say = (line: string) => process.stdout.write(`${line}\n`);

await run();

async function run(): Promise<void> {
  const minutes = orUsage(USAGE, readMinutes);
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  process.once('SIGTERM', () => stopping.abort());
  await using open = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-pictures-'));
  open.defer(() => rm(dataDir, { recursive: true, force: true }));
  const sourcesFile = join(dataDir, 'pictures.sources.yaml');
  await writeFile(sourcesFile, SOURCES);
  await buildDashboard(ROOT, say);
  const { env } = loadStackSettings(ROOT, {
    ...{ HOST: '127.0.0.1', AUTH: 'off', FAILURE_SIMULATION: 'on', RETRY_BACKOFF_MS: '200' },
    ...{ DATA_DIR: dataDir, SOURCES_FILE: sourcesFile, SYNC_ENABLED: 'on' },
  });
  const stack = await startStack({
    ...{ root: ROOT, dataDir, ports: ANY_PORTS, workers: 2, schedulers: 1, backup: {} },
    ...{ env, say, signal: stopping.signal },
  });
  open.defer(stack.stop);
  say(`Sending for ${minutes} min.`);
  const sent = await sendTraffic(stack.ingestUrl, minutes, stopping.signal);
  say(`Sent ${sent.count} events; taking pictures.`);
  const files = await takePictures({ apiUrl: stack.apiUrl, folder: join(ROOT, 'docs/images'), sent });
  for (const { file, sizeBytes } of files) say(`${file}  ${Math.round(sizeBytes / 1024)} kB`);
}

function readMinutes(words: readonly string[]): number {
  const values = parseOptions(words, { minutes: { type: 'string' } });
  const minutes = readNumber('minutes', values.minutes) ?? DEFAULT_MINUTES;
  if (minutes <= MAX_MINUTES) return minutes;
  throw new UsageError(`--minutes is "${values.minutes}"; expected at most ${MAX_MINUTES}.`);
}
