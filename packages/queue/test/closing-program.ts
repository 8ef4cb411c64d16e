/** A program that works until its parent says close, closes everything, and must then end by itself. */
import { createEventsProducer } from '../src/events-producer.ts';
import { createEventsWorker } from '../src/events-worker.ts';
import { createPollsWorker } from '../src/polls.ts';

const [, , redisUrl = '', prefix = ''] = process.argv;
const common = { redisUrl, prefix, logger: { warn: () => undefined } };

const producer = createEventsProducer(common);
const polls = createPollsWorker({ ...common, process: async () => undefined });
const events = createEventsWorker({
  ...common,
  backoffMs: () => 10,
  process: async () => {
    process.send?.('working');
    return { kind: 'done' };
  },
});

process.once('message', () => {
  void Promise.all([
    events.close({ deadlineMs: 500 }),
    polls.close({ deadlineMs: 500 }),
    producer.close(500),
  ]).then(() => process.disconnect());
});
