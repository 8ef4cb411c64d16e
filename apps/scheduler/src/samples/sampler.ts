/**
 * Notes how much waits, for the charts of the dashboard:
 *
 *  1. Time is cut into slots of 15 s. At its start, and then at the beginning of each slot, every scheduler reads how the queue
 *     is, and what the replicator told last.
 *  2. It inserts that under the slot. Who comes second finds it there: any number of schedulers makes one sample a slot, and
 *     none of them has to lead.
 *  3. Who made the sample also notes which versions of the apps run: from that the charts know when others were put in place.
 *  4. While Redis is away the sample says so; while MongoDB is away there is none. A gap is not made up for.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { SILENT_AFTER_MS } from '@sluice/contracts/processes';
import type { Sample, SampledQueue } from '@sluice/contracts/stats-history';
import { SYNC_SILENT_MS } from '@sluice/contracts/sync';
import { SAMPLE_MS } from '@sluice/contracts/time-steps';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import type { ProcessRegister } from '@sluice/queue/process-register';
import type { Logger } from '@sluice/runtime/logger';
import type { AppVersions, RunningVersion } from '@sluice/store/app-versions';
import type { BackupGaps } from '@sluice/store/backup-gaps';
import type { Samples } from '@sluice/store/samples';
import type { SyncStates } from '@sluice/store/sync-state';

export type SamplerOptions = {
  readonly samples: Pick<Samples, 'insert'>;
  readonly versions: Pick<AppVersions, 'note'>;
  readonly register: Pick<ProcessRegister, 'list'>;
  readonly inspector: Pick<EventsInspector, 'readCounts' | 'readOldestWaitingMs'>;
  readonly states: Pick<SyncStates, 'read'>;
  readonly gaps: BackupGaps;
  readonly logger: Logger;
  readonly now: () => number;
  /** How long a slot is, in ms; 15,000 by default. */
  readonly slotMs?: number;
};

export type Sampler = {
  /** Ends after the sample in hand, for which it waits a second at most. */
  stop(): Promise<void>;
};

/** How long the end waits for a sample: MongoDB may be silent, and nothing is lost with it. */
const PATIENCE_MS = 1000;

/** Starts noting. */
export function startSampler(options: SamplerOptions): Sampler {
  const { samples, versions, register, inspector, states, gaps, logger, now, slotMs = SAMPLE_MS } = options;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let sampling = next();

  /** Never rejects: what was not noted is a gap in the charts, and not worth more. */
  async function next(): Promise<void> {
    try {
      const at = new Date(Math.floor(now() / slotMs) * slotMs);
      if (await samples.insert(await look(at))) await versions.note(await listRunning(), at);
    } catch (err) {
      logger.warn({ err }, 'sample.failed');
    }
    if (isStopped) return;
    timer = setTimeout(
      () => {
        sampling = next();
      },
      slotMs - (now() % slotMs),
    );
  }

  async function look(at: Date): Promise<Sample> {
    const [queue, backup] = await Promise.all([readQueue(), readBackup()]);
    return { at, queue, ...backup };
  }

  async function readQueue(): Promise<SampledQueue | null> {
    try {
      const [counts, oldestWaitingMs] = await Promise.all([
        inspector.readCounts(),
        inspector.readOldestWaitingMs(),
      ]);
      return { ...counts, oldestWaitingMs };
    } catch (err) {
      logger.debug({ err }, 'sample.without-queue');
      return null;
    }
  }

  async function listRunning(): Promise<readonly RunningVersion[]> {
    try {
      return (await register.list())
        .filter(({ beat, silentMs }) => beat.state !== 'ended' && silentMs <= SILENT_AFTER_MS)
        .map(({ beat: { app, version, startedAt } }) => ({ app, version, startedAt: new Date(startedAt) }));
    } catch (err) {
      logger.debug({ err }, 'sample.without-processes');
      return [];
    }
  }

  /** Only an active replicator that was heard of lately knows the lag, and only of a backup that is whole. */
  async function readBackup(): Promise<Pick<Sample, 'hasBackup' | 'replicationLagMs'>> {
    const [read, gap] = await Promise.all([states.read(), gaps.find()]);
    if (read === null || read.state.state === 'off') return { hasBackup: false, replicationLagMs: null };
    const { state, lagSeconds } = read.state;
    const isKnown = gap === null && state === 'active' && read.ageMs <= SYNC_SILENT_MS && lagSeconds !== null;
    return { hasBackup: true, replicationLagMs: isKnown ? Math.round(lagSeconds * 1000) : null };
  }

  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      const patience = new AbortController();
      const patient = wait(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([sampling, patient]);
      patience.abort();
    },
  };
}
