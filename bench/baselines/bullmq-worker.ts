/* The second baseline, its worker: 20 jobs at once, each stores its event and its record with mongoose. */
import { Worker } from 'bullmq';
import { connectModels, isDuplicate, normalize, type ReceivedEvent } from './models.ts';

const [redisUrl = '', mongodbUri = ''] = process.argv.slice(2);
const { RawEvent, NormalizedEvent } = await connectModels(mongodbUri);

const worker = new Worker<ReceivedEvent>(
  'events',
  async ({ data }) => {
    await unlessStored(() => RawEvent.create(data));
    await unlessStored(() => NormalizedEvent.create(normalize(data)));
  },
  { connection: { url: redisUrl }, concurrency: 20 },
);
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
process.once('disconnect', () => process.exit());
process.send?.({ url: null });

/** A job may run twice, and its first run may have stored a part. */
async function unlessStored(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}
