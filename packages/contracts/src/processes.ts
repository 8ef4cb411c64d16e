import { z } from 'zod';
import { QUEUES } from './queues.ts';

const count = z.number().int().min(0);
const queueName = z.enum(QUEUES);

/** What a process did with a queue in the last minute, as far as it counts that; the rest is 0. */
const queueWorkSchema = z.object({
  jobsIn: count.describe('Jobs put into it.'),
  eventsIn: count.describe('Events in those jobs.'),
  jobsOut: count.describe('Jobs that came to their end.'),
  eventsOut: count.describe('Events that came to their end: normalized, duplicate, merged or dead.'),
  failed: count.describe('Attempts that failed, and events that died; of polls, those that failed.'),
});
export type QueueWork = Readonly<z.infer<typeof queueWorkSchema>>;

/** Counts of nothing. */
export const NO_QUEUE_WORK: QueueWork = { jobsIn: 0, eventsIn: 0, jobsOut: 0, eventsOut: 0, failed: 0 };

/**
 * What a process does: `holding` = a dependency is away, or maintenance is on, and it fetches nothing; `draining` = it is
 * about to end and settles what it has in hand; `ended` = it said goodbye.
 */
const BEAT_STATES = ['running', 'holding', 'draining', 'ended'] as const;

/** What a process says of itself every few seconds. New fields must be optional: replicas differ in age. */
export const processBeatSchema = z.object({
  instance: z.string(),
  app: z.string(),
  host: z.string(),
  pid: z.number().int(),
  version: z.string(),
  startedAt: z.string(),
  state: z.enum(BEAT_STATES),
  since: z.string().nullable().describe('Since when it holds.'),
  reason: z.string().nullable().describe('Why it holds.'),
  serves: z
    .array(z.object({ queue: queueName, concurrency: count }))
    .describe('The queues that it takes jobs from, and how many at once.'),
  schemaVersions: z.array(z.number().int()).nullable().describe('Those that a worker takes.'),
  lastMinute: z.partialRecord(queueName, queueWorkSchema).describe('By queue.'),
});
export type ProcessBeat = z.infer<typeof processBeatSchema>;

/** `silent` = nothing was heard of it for 15 s, and it did not say goodbye. */
const PROCESS_STATES = [...BEAT_STATES, 'silent'] as const;

/** How long a process may say nothing before it counts as silent, in ms: three beats. */
export const SILENT_AFTER_MS = 15_000;

const processSchema = processBeatSchema
  .extend({
    state: z.enum(PROCESS_STATES).describe('`silent`: nothing was heard of it for 15 s.'),
    seenAt: z.string().describe('Its last heartbeat, by the clock of Redis.'),
    silentMs: count.describe('How long ago that was.'),
  })
  .meta({ id: 'Process' });
export type ProcessItem = z.infer<typeof processSchema>;

export const processListSchema = z
  .object({
    items: z
      .array(processSchema)
      .describe('By app and start; those that ended or fell silent stay for five minutes.'),
  })
  .meta({ id: 'Processes' });
export type ProcessList = z.infer<typeof processListSchema>;

const queueStateSchema = z
  .object({
    name: queueName,
    waiting: count,
    active: count,
    delayed: count.describe('Jobs that wait for a retry.'),
    failed: count.describe('Failed jobs that are kept for looking at.'),
    parked: count.describe('Jobs that wait for a worker which knows their schema version.'),
    paused: z.boolean().describe('Whether the queue itself is paused, for every process.'),
    oldestWaitingMs: count
      .nullable()
      .describe('How long the next job has waited since it was due; null when none waits.'),
    processes: z.object({
      running: count,
      holding: count,
      concurrency: count.describe('Jobs that those which are running take at once.'),
    }),
    lastMinute: queueWorkSchema.describe('Summed up over the processes that are there.'),
    drainSeconds: count
      .nullable()
      .describe(
        'When what waits will be done at the pace of the last minute; null while more comes in than goes out, or nothing is done.',
      ),
  })
  .meta({ id: 'QueueState' });
export type QueueState = z.infer<typeof queueStateSchema>;

export const queueListSchema = z
  .object({
    items: z.array(queueStateSchema),
    memory: z.object({
      usedBytes: count,
      limitBytes: count.nullable().describe("Redis' own limit, else the machine's memory."),
      usedShare: z.number().describe('From 0 to 1; above 0.7 new events go to the inbox in MongoDB.'),
      evicts: z.boolean().describe('Whether Redis would drop keys when it is full.'),
    }),
    maintenance: z.object({ on: z.boolean(), since: z.string().nullable() }),
  })
  .meta({ id: 'Queues' });
export type QueueList = z.infer<typeof queueListSchema>;
