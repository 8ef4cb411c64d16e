/**
 * A scheduler, from its parts to its end:
 *
 *  1. The sweeper moves accepted events from the inbox to the queue.
 *  2. The refiler gives open events jobs again whose jobs are gone.
 *  3. What people have started, bulk replays and discards, is run.
 *  4. The active sources are read from the store, again and again; the ticker queues one poll for each slot of each
 *     source's schedule.
 *  5. The worker takes polls from the queue; each is one run, whose records are kept by the group commit.
 *  6. The heartbeat tells the ledger how many batches that made.
 *  7. At the end nothing new is queued, runs are broken off after the page in hand, the sweep in hand ends, and the
 *     last batches are kept and told.
 */
import { createGroupCommit } from '@sluice/protocol/group-commit';
import { startHeartbeat } from '@sluice/protocol/heartbeat';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import type { EventsProducer } from '@sluice/queue/events-producer';
import { createMinuteCounts } from '@sluice/queue/minute-counts';
import { createPollsWorker, type PollsProducer } from '@sluice/queue/polls';
import type { ProcessNow } from '@sluice/queue/process-beats';
import type { RedisMemory } from '@sluice/queue/redis-memory';
import type { Logger } from '@sluice/runtime/logger';
import type { Checkpoints } from '@sluice/store/checkpoints';
import type { StoredInbox } from '@sluice/store/inbox';
import type { StoredInstances } from '@sluice/store/instances';
import type { Leases } from '@sluice/store/leases';
import type { StoredOpenEvents } from '@sluice/store/open-events';
import type { OperationSets } from '@sluice/store/operation-sets';
import type { PollRuns } from '@sluice/store/poll-runs';
import type { Rejections } from '@sluice/store/rejections';
import { type PollSourceStore, startActiveSources } from './active-sources.ts';
import type { SchedulerConfig } from './config.ts';
import { startOperations } from './operations/operations-runner.ts';
import { createPollBreakers } from './poll-breakers.ts';
import { createPollHistory } from './poll-history.ts';
import { createPollLags } from './poll-lags.ts';
import { createPollRun } from './poll-run.ts';
import { createPollStore } from './poll-store.ts';
import { createPollProcessor } from './polls.ts';
import { startRefiler } from './refiler.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';
import { startSweeper } from './sweeper.ts';
import { createTicker } from './ticker.ts';

export type SchedulerOptions = {
  readonly config: Pick<SchedulerConfig, 'REDIS_URL' | 'QUEUE_PREFIX'>;
  readonly logger: Logger;
  readonly instance: string;
  readonly sources: PollSourceStore;
  readonly queue: Pick<EventsProducer, 'readMarks' | 'addBatch' | 'writeMarks' | 'addSplit'>;
  readonly pollQueue: Pick<PollsProducer, 'addPoll'>;
  readonly readMemory: () => Promise<RedisMemory>;
  readonly inspector: Pick<EventsInspector, 'hasJobs'>;
  readonly inbox: StoredInbox;
  readonly openEvents: StoredOpenEvents;
  readonly operationSets: OperationSets;
  readonly instances: StoredInstances;
  readonly leases: Leases;
  readonly checkpoints: Checkpoints;
  readonly rejections: Pick<Rejections, 'insertMany'>;
  readonly pollRuns: Pick<PollRuns, 'begin' | 'end' | 'note' | 'findLastWhole'>;
  /** Reads a variable that holds a source's secret. */
  readonly readEnv: (name: string) => string | undefined;
  readonly metrics: SchedulerMetrics;
  readonly now: () => number;
  /** How long a poll's lease lasts without a renewal, in ms; 30,000 by default. */
  readonly pollLeaseMs?: number;
  /** How long the lease of operations lasts without a renewal, in ms; 15,000 by default. */
  readonly operationsLeaseMs?: number;
  /** How long a source may take to answer, in ms; 20,000 by default. */
  readonly fetchTimeoutMs?: number;
};

export type Scheduler = {
  /** Tells what it did lately, for its heartbeat. */
  readNow(): ProcessNow;
  /** Stops all of it in order; polls in hand may take `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
};

/** How long a run may be silent before another scheduler takes over, in ms. */
const POLL_LEASE_MS = 30_000;

/** How long a source may take to answer, in ms. */
const FETCH_TIMEOUT_MS = 20_000;

/** Polls in hand at once. */
const POLLS_CONCURRENCY = 32;

/** Creates a scheduler and starts it. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { config, logger, instance, queue, inbox, leases, checkpoints, metrics, now } = options;
  const { pollLeaseMs = POLL_LEASE_MS, fetchTimeoutMs = FETCH_TIMEOUT_MS } = options;
  const kept = createMinuteCounts(now);
  const polled = createMinuteCounts(now);
  const commit = createGroupCommit({
    ...{ instance, queue, inbox },
    onBatch({ events, by }) {
      if (by === 'queue') kept.add({ jobsIn: 1, eventsIn: events });
    },
  });
  const heartbeat = startHeartbeat({
    instance,
    app: 'scheduler',
    commit,
    beat: options.instances.beat,
    onFailed: (err) => logger.warn({ err }, 'heartbeat.failed'),
    now,
  });
  const readMemoryShare = async () => (await options.readMemory()).usedShare;
  const sweeper = startSweeper({
    inbox,
    queue,
    leases,
    readMemoryShare,
    holder: instance,
    logger,
  });
  const refiler = startRefiler({
    open: options.openEvents,
    queue: { addSplit: queue.addSplit, hasJobs: options.inspector.hasJobs },
    leases,
    readMemoryShare,
    holder: instance,
    logger,
  });
  const operations = startOperations({
    sets: options.operationSets,
    queue: { addSplit: queue.addSplit, hasJobs: options.inspector.hasJobs },
    leases,
    readMemoryShare,
    holder: instance,
    metrics: metrics.operations,
    logger,
    now,
    ...(options.operationsLeaseMs === undefined ? {} : { leaseMs: options.operationsLeaseMs }),
  });
  const closing = new AbortController();
  const ticker = createTicker({
    addPoll: options.pollQueue.addPoll,
    isPaused: (id) => sources.isPaused(id),
    logger,
  });
  const sources = startActiveSources({ store: options.sources, listener: ticker, logger });
  const { pollRuns: runs } = options;
  const history = createPollHistory({ runs, scheduler: instance, logger, now });
  const poll = createPollRun({
    store: createPollStore({ leases, checkpoints, holder: instance, leaseMs: pollLeaseMs }),
    history,
    breakers: createPollBreakers(),
    commit,
    reject: options.rejections.insertMany,
    isPaused: sources.isPaused,
    isActive: sources.isActive,
    readEnv: options.readEnv,
    logger,
    now,
    leaseMs: pollLeaseMs,
    fetchTimeoutMs,
    signal: closing.signal,
  });
  metrics.watchLags(createPollLags({ runs, listSources: sources.ids, logger, now }));
  const processPoll = createPollProcessor({ sources, poll, history, metrics, logger, now });
  const worker = createPollsWorker({
    redisUrl: config.REDIS_URL,
    prefix: config.QUEUE_PREFIX,
    name: instance,
    concurrency: POLLS_CONCURRENCY,
    async process(job) {
      let failed = 1;
      try {
        await processPoll(job);
        failed = 0;
      } finally {
        polled.add({ jobsOut: 1, failed });
      }
    },
    logger,
  });

  return {
    readNow: () => ({
      serves: [{ queue: 'polls', concurrency: POLLS_CONCURRENCY }],
      lastMinute: { events: kept.read(), polls: polled.read() },
    }),
    async close(deadlineMs) {
      await sources.stop();
      await ticker.close();
      closing.abort();
      await worker.close({ deadlineMs });
      await sweeper.stop();
      await refiler.stop();
      await operations.stop();
      await commit.close();
      await heartbeat.stop();
    },
  };
}
