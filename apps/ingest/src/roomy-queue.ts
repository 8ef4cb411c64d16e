import type { EventsJob } from '@sluice/contracts/queues';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { AcceptQueue } from '@sluice/protocol/ports';
import { createRedis } from '@sluice/queue/connection';
import { createEventsProducer, type EventsProducerOptions } from '@sluice/queue/events-producer';
import { createMemoryReader, type RedisMemory } from '@sluice/queue/redis-memory';

/** The queue as ingest uses it, closed by whoever created it. */
export type RoomyQueue = AcceptQueue & {
  /** Resolves when Redis answers. @throws DependencyAwayError */
  ping(): Promise<void>;
  /** Lets go within a second, whatever Redis does. */
  close(): Promise<void>;
};

/** The share of Redis' memory above which it takes no more: workers need room to take jobs out of the queue. */
const MEMORY_SHARE = 0.7;

/** The share above which no marks are written: alone they shall never stop the sweeper, nor fill Redis. */
const MARKS_SHARE = 1 / 3;

/** What an event takes in a job besides its body, in bytes, about. */
const AROUND_BODY_BYTES = 1024;

/** How often Redis is asked for its memory, in ms. */
const LOOK_MS = 1000;

/**
 * Creates a queue that refuses batches while Redis uses more than 70 % of its memory, so that they go to the inbox.
 * Nobody waits for that number: it is read every second, and what was sent since counts as used. Above a third no marks
 * are written.
 */
export function createRoomyQueue(options: EventsProducerOptions): RoomyQueue {
  const producer = createEventsProducer(options);
  const { redisUrl: url, deadlineMs: commandTimeoutMs = 1000, logger } = options;
  const redis = createRedis({ url, role: 'producer', commandTimeoutMs, logger });
  const readMemory = createMemoryReader({ redis, maxAgeMs: 0 });
  let memory: Pick<RedisMemory, 'usedBytes' | 'limitBytes'> = { usedBytes: 0, limitBytes: null };
  let sentBytes = 0;
  /** What of it Redis has counted. */
  let countedBytes = 0;

  function look(): void {
    const sentBefore = sentBytes;
    // Redis that does not answer is found out by the batches themselves.
    readMemory().then((latest) => {
      memory = latest;
      countedBytes = sentBefore;
    }, redis.reportError);
  }

  function toUsedShare(): number {
    if (memory.limitBytes === null) return 0;
    return (memory.usedBytes + sentBytes - countedBytes) / memory.limitBytes;
  }

  const timer = setInterval(look, LOOK_MS);
  return {
    readMarks: producer.readMarks,
    writeMarks(marks) {
      if (toUsedShare() <= MARKS_SHARE) producer.writeMarks(marks);
    },
    ping: producer.ping,
    async addBatch(jobId, job) {
      if (toUsedShare() > MEMORY_SHARE)
        throw new DependencyAwayError('redis', 'Redis uses more than 70 % of its memory.');
      sentBytes += toBytes(job);
      await producer.addBatch(jobId, job);
    },
    async close() {
      clearInterval(timer);
      await Promise.all([producer.close(), redis.close()]);
    },
  };
}

function toBytes({ events }: EventsJob): number {
  return events.reduce((sum, { body }) => sum + Buffer.byteLength(body) + AROUND_BODY_BYTES, 0);
}
