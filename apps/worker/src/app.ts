/**
 * A worker, from its parts to its end:
 *
 *  1. The queue's worker fetches jobs and hands each to the settler.
 *  2. The settler normalizes their events, by the active mappings of their sources, and hands them to the one bulk
 *     writer.
 *  3. After each commit the newest values per subject are brought up to date.
 *  4. A job that must be held because a store is away begins the hold, and so does maintenance: fetching pauses until
 *     MongoDB answers and maintenance is over.
 *  5. At the end fetching stops, what is in hand is settled, then the connections close.
 */
import type { NormalizedEventDocument } from '@sluice/contracts/event';
import { toBackoffMs } from '@sluice/protocol/backoff';
import { createBulkWriter } from '@sluice/protocol/bulk-writer';
import { oneAlone } from '@sluice/protocol/one-alone';
import type { EventStore } from '@sluice/protocol/ports';
import { createJobSettler } from '@sluice/protocol/settle-job';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import type { EventsProducer } from '@sluice/queue/events-producer';
import { createEventsWorker } from '@sluice/queue/events-worker';
import { createMinuteCounts } from '@sluice/queue/minute-counts';
import type { ProcessNow } from '@sluice/queue/process-beats';
import type { Logger } from '@sluice/runtime/logger';
import type { Mappings } from '@sluice/store/mappings';
import type { WorkerConfig } from './config.ts';
import { createEventNormalizer } from './event-normalizer.ts';
import { createHold } from './hold.ts';
import { watchMaintenance } from './maintenance.ts';
import { createMappingTable } from './mapping-table.ts';
import { watchProgress } from './progress.ts';
import { toWork } from './settled-work.ts';
import type { WorkerMetrics } from './worker-metrics.ts';

export type WorkerAppOptions = {
  readonly config: WorkerConfig;
  readonly logger: Logger;
  readonly instance: string;
  readonly producer: Pick<EventsProducer, 'addSplit' | 'removeMarks'>;
  readonly events: EventStore;
  readonly applyLatest: (records: readonly NormalizedEventDocument[]) => Promise<void>;
  readonly readMappings: Mappings['readActive'];
  /** Rejects while MongoDB is away. */
  readonly pingStore: () => Promise<void>;
  readonly inspector: Pick<EventsInspector, 'readCounts' | 'readMaintenance'>;
  readonly metrics: WorkerMetrics;
  readonly now: () => number;
};

export type WorkerApp = {
  isHolding(): boolean;
  /** Tells whether work that waits is being done; see progress.ts. */
  isAlive(): boolean;
  /** Tells what it does and did lately, for its heartbeat. */
  readNow(): ProcessNow;
  /** Stops fetching and settles what is in hand, within `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
};

/** Creates a worker and starts it. */
export function createWorkerApp(options: WorkerAppOptions): WorkerApp {
  const { config, logger, instance, producer, events, applyLatest, pingStore, inspector, metrics, now } =
    options;
  const work = createMinuteCounts(now);
  const mappings = createMappingTable({ readActive: options.readMappings, logger });
  const writer = createBulkWriter({
    store: events,
    worker: instance,
    now,
    bulkEvents: config.BULK_EVENTS,
    onCommitted: async (records) => {
      progress.stored();
      metrics.stored(records, now());
      await applyLatest(records);
    },
  });
  const settleJob = createJobSettler({
    writer,
    queue: producer,
    normalize: createEventNormalizer({ supportedVersions: config.SUPPORTED_SCHEMA_VERSIONS, mappings }),
    now,
    attempts: config.RETRY_ATTEMPTS,
    backoffMs: config.RETRY_BACKOFF_MS,
    parkMs: config.PARK_MIN_MS,
    parkMaxMs: config.PARK_MAX_MS,
    onSettled(outcomes) {
      metrics.settled(outcomes);
      work.add(toWork(outcomes));
    },
  });
  const settle = oneAlone(settleJob);
  const worker = createEventsWorker({
    redisUrl: config.REDIS_URL,
    prefix: config.QUEUE_PREFIX,
    name: instance,
    concurrency: config.WORKER_CONCURRENCY,
    backoffMs: (attempt) => toBackoffMs(attempt, config.RETRY_BACKOFF_MS),
    lockDurationMs: config.WORKER_LOCK_MS,
    stalledIntervalMs: config.WORKER_STALLED_MS,
    logger,
    process: async (job) => {
      // One that was being fetched when the hold began.
      if (hold.isHolding()) return { kind: 'hold', reason: 'The worker is holding.' };
      // So that a worker does not begin with a hold.
      await mappings.firstTry;
      const end = progress.began();
      const result = await settle(job).finally(end);
      if (result.kind === 'hold' && !result.isBusy) hold.begin(result.reason);
      metrics.jobEnded(result.kind);
      if (result.kind === 'done' || result.kind === 'dead') work.add({ jobsOut: 1 });
      return result;
    },
  });
  const hold = createHold({
    pause: () => worker.pause(),
    resume: () => worker.resume(),
    probe: async () => {
      if ((await inspector.readMaintenance()) !== null) throw new Error('Maintenance is on.');
      await pingStore();
    },
    logger,
    onHeld: metrics.held,
    now,
  });

  metrics.showHold(hold.isHolding);

  const maintenance = watchMaintenance({ inspector, onBegun: () => hold.begin('maintenance') });
  const progress = watchProgress({ inspector, pingStore, isHolding: hold.isHolding });

  return {
    isHolding: hold.isHolding,
    isAlive: progress.isAlive,
    readNow() {
      const held = hold.read();
      return {
        state: held === null ? 'running' : 'holding',
        since: held && new Date(held.sinceMs).toISOString(),
        reason: held?.reason ?? null,
        serves: [{ queue: 'events', concurrency: config.WORKER_CONCURRENCY }],
        schemaVersions: [...config.SUPPORTED_SCHEMA_VERSIONS],
        lastMinute: { events: work.read() },
      };
    },
    async close(deadlineMs) {
      maintenance.stop();
      progress.stop();
      hold.stop();
      await worker.close({ deadlineMs });
      mappings.stop();
    },
  };
}
