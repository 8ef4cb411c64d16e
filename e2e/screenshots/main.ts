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
import { buildDashboard } from '@sluice/local/dashboard-build';
import { startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { loadStackSettings } from '@sluice/runtime/stack-settings';
import { takePictures } from './pictures.ts';
import { SOURCES } from './sources.ts';
import { sendTraffic } from './traffic.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DEFAULT_MINUTES = 10;

const say = (line: string) => process.stdout.write(`${line}\n`);

await run();

async function run(): Promise<void> {
  const minutes = readMinutes(process.argv.slice(2));
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
  if (words.length === 0) return DEFAULT_MINUTES;
  const minutes = words[0] === '--minutes' && words.length === 2 ? Number(words[1]) : Number.NaN;
  if (Number.isFinite(minutes) && minutes > 0 && minutes <= 60) return minutes;
  throw new Error('Say nothing, or `--minutes` and a number of at most 60.');
}
