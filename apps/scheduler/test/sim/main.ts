import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orUsage, parseOptions, readNumber } from '@sluice/local/command-line';
import { createGuard } from '@sluice/local/guard';
import { startMongo } from '@sluice/local/mongo';
import { startRedis } from '@sluice/local/redis';
import { readWholeEnvironment } from '@sluice/runtime/config';
import { runPolls } from './run-polls.ts';

const USAGE = 'Usage: npm run test:polls -- [--minutes N] [--seed S]\n';

/** How long the answers of one seed are at fault. */
const FAULTS_MS = 20_000;

const { first, minutes } = orUsage(USAGE, (args) => {
  const values = parseOptions(args, { minutes: { type: 'string' }, seed: { type: 'string' } });
  return {
    first: readNumber('seed', values.seed, { isWhole: true }) ?? randomInt(1, 1_000_000_000),
    minutes: readNumber('minutes', values.minutes) ?? (values.seed === undefined ? 1 : 0),
  };
});
const say = (text: string) => void process.stdout.write(`${text}\n`);

const env = readWholeEnvironment();
const dir = await mkdtemp(join(tmpdir(), 'sluice-polls-'));
const guard = createGuard();
const [redis, mongo] = await Promise.all([
  startRedis({ env, say, guard, dir: join(dir, 'redis'), appendfsync: 'everysec' }),
  startMongo({ env, say, guard, dir: join(dir, 'mongo') }),
]);
try {
  const endMs = performance.now() + minutes * 60_000;
  let seed = first;
  do {
    const prefix = `p_${randomBytes(6).toString('hex')}`;
    const place = { redisUrl: redis.url, mongoUrl: mongo.url.replace('/?', `/${prefix}?`), prefix };
    const { violations, records, faults, kills, outcomes } = await runPolls(seed, {
      place,
      faultsMs: FAULTS_MS,
    });
    for (const violation of violations) say(`violated: ${violation}`);
    say(
      `Seed ${seed}: ${records} records, ${faults} faults, ${kills} kills, runs ${JSON.stringify(outcomes)}, ` +
        `${violations.length} violations.`,
    );
    if (violations.length > 0) process.exitCode = 1;
    seed += 1;
  } while (performance.now() < endMs);
} finally {
  await Promise.all([redis.stop(), mongo.stop()]);
  await guard.close();
  await rm(dir, { recursive: true, force: true });
}
