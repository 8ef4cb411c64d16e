import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { AcceptQueue } from '@sluice/protocol/ports';
import { createRedis } from '@sluice/queue/connection';
import { createEventsProducer, type EventsProducerOptions } from '@sluice/queue/events-producer';
import { createMemoryReader } from '@sluice/queue/redis-memory';

/** The queue as ingest uses it, closed by whoever created it. */
export type RoomyQueue = AcceptQueue & {
  /** Resolves when Redis answers. @throws DependencyAwayError */
  ping(): Promise<void>;
  /** Lets go within a second, whatever Redis does. */
  close(): Promise<void>;
};

/** The share of Redis' memory above which it takes no more: workers need room to take jobs out of the queue. */
const MEMORY_SHARE = 0.7;

/** How often Redis is asked for its memory, in ms. */
const LOOK_MS = 1000;

/**
 * Creates a queue that refuses batches while Redis uses more than 70 % of its memory, so that they go to the inbox.
 * Nobody waits for that number: a second passes until it is noticed.
 */
export function createRoomyQueue(options: EventsProducerOptions): RoomyQueue {
  const producer = createEventsProducer(options);
  const { redisUrl: url, deadlineMs: commandTimeoutMs = 1000, logger } = options;
  const redis = createRedis({ url, role: 'producer', commandTimeoutMs, logger });
  const readMemory = createMemoryReader({ redis, maxAgeMs: 0 });
  let isFull = false;

  function look(): void {
    // Redis that does not answer is found out by the batches themselves.
    readMemory().then(({ usedShare }) => {
      isFull = usedShare > MEMORY_SHARE;
    }, redis.reportError);
  }

  const timer = setInterval(look, LOOK_MS);
  return {
    readMarks: producer.readMarks,
    writeMarks: producer.writeMarks,
    ping: producer.ping,
    async addBatch(jobId, job) {
      if (isFull) throw new DependencyAwayError('redis', 'Redis uses more than 70 % of its memory.');
      await producer.addBatch(jobId, job);
    },
    async close() {
      clearInterval(timer);
      await Promise.all([producer.close(), redis.close()]);
    },
  };
}
