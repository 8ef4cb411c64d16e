/** A program that takes a job and never lets it go, to be killed by a test. */
import { createEventsWorker } from '../src/events-worker.ts';

const [, , redisUrl = '', prefix = ''] = process.argv;

createEventsWorker({
  redisUrl,
  prefix,
  lockDurationMs: 1000,
  stalledIntervalMs: 300,
  backoffMs: () => 1000,
  logger: { warn: () => undefined },
  process: () => {
    process.stdout.write('taken\n');
    return new Promise(() => undefined);
  },
});
