import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type AppRun, startAppRun } from '@sluice/local/app-run';
import { orUsage, parseOptions, readNumber } from '@sluice/local/command-line';
import { createGuard } from '@sluice/local/guard';
import { startMongo } from '@sluice/local/mongo';
import { findFreePort } from '@sluice/local/ports';
import { readWholeEnvironment } from '@sluice/runtime/config';
import { connectStore } from '@sluice/store/connection';
import { migrate } from '@sluice/store/migrate';
import { runCrowd } from './crowd.ts';

const USAGE = 'Usage: npm run test:live -- [--clients N] [--seconds S]\n';
const RECORDS_PER_SECOND = 100;
const STUCK_SHARE = 0.05;

/** What the issue asks for. */
const MOST = { p99Ms: 1000, grownMiB: 100 } as const;

const { idleCount, recordCount } = orUsage(USAGE, (args) => {
  const { clients, seconds } = parseOptions(args, {
    clients: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
  });
  return {
    idleCount: readNumber('clients', clients, { isWhole: true }),
    recordCount: readNumber('seconds', seconds, { isWhole: true }) * RECORDS_PER_SECOND,
  };
});
const say = (text: string) => void process.stdout.write(`${text}\n`);

const dir = await mkdtemp(join(tmpdir(), 'sluice-crowd-'));
const guard = createGuard();
const mongo = await startMongo({ env: readWholeEnvironment(), say, guard, dir: join(dir, 'mongo') });
const mongoUrl = mongo.url.replace('/?', `/crowd_${randomBytes(4).toString('hex')}?`);
const [port, metricsPort] = [await findFreePort(), await findFreePort()];
const env = {
  PATH: '/usr/bin:/bin',
  HOST: '127.0.0.1',
  AUTH: 'off',
  LOG_LEVEL: 'warn',
  MONGODB_URI: mongoUrl,
  LIVE_PORT: String(port),
  LIVE_METRICS_PORT: String(metricsPort),
};
const root = resolve(import.meta.dirname, '../../../..');
const liveUrl = `http://127.0.0.1:${port}`;
const spec = { name: 'live', label: 'live', env, probeUrl: `${liveUrl}/readyz` };
let live = startLive();
const store = connectStore({ uri: mongoUrl, appName: 'crowd', operationTimeoutMs: 10_000 });
try {
  await migrate(store, 30_000);
  await waitUntilReady();
  const stuckCount = Math.ceil(idleCount * STUCK_SHARE);
  const figures = await runCrowd({
    store,
    liveUrl,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    async restart() {
      live.signal('SIGTERM');
      await live.ended;
      live = startLive();
      await waitUntilReady();
    },
    idleCount,
    stuckCount,
    readerCount: 5,
    recordCount,
    recordsPerSecond: RECORDS_PER_SECOND,
    recordBytes: 8 * 1024,
  });
  const { latency, grownMiB, backMs, catchUps, wrong } = figures;
  say(`${idleCount} idle clients, ${stuckCount} that never read, 5 readers, ${recordCount} records of 8 KiB`);
  say(`heard after   p50 ${latency.p50} ms, p99 ${latency.p99} ms, max ${latency.max} ms`);
  say(`memory        grew by ${grownMiB} MiB`);
  say(`${idleCount} came back at once: ${catchUps} catch-up streams, all heard after ${backMs} ms`);
  say(`${wrong} records missed or doubled`);
  const isGood = latency.p99 < MOST.p99Ms && grownMiB < MOST.grownMiB && catchUps <= 5 && wrong === 0;
  if (!isGood) process.exitCode = 1;
} finally {
  await store.close();
  live.signal('SIGTERM');
  await live.ended;
  await mongo.stop();
  await guard.close();
  await rm(dir, { recursive: true, force: true });
}

function startLive(): AppRun {
  return startAppRun(spec, { root, logDir: dir, guard }, join(dir, 'live.log'));
}

async function waitUntilReady(): Promise<void> {
  const isReady = () =>
    fetch(spec.probeUrl).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (live.hasEnded()) throw new Error(`live ended: ${await live.ended}`);
    await pause(100);
  }
}
