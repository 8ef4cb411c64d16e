import { type Backup, startBackup } from '../backup.ts';
import { METRIC } from '../bodies.ts';
import type { Case, CaseContext, Figures } from '../case.ts';
import { findCores, keepOnCores } from '../cores.ts';
import { makeMemoryFolder } from '../folder.ts';
import { runLoad } from '../load/load.ts';
import { measureEndToEnd } from '../measure-end-to-end.ts';
import { toMedianFigures } from '../median-figures.ts';
import { type Sluice, startSluice } from '../sluice.ts';
import type { MongoPlace } from '../stores.ts';
import { untilStored } from '../until-stored.ts';

/** Events that are stored before anything is measured, so that the first slice finds the processes as the last does. */
const WARMUP_EVENTS = 10_000;
const LONGEST_SECONDS = 60;

/** A light load, as most have most of the time: what a sender sees then. */
const STEADY_PER_SECOND = 200;

/** Shorter slices differ too much from one another; at a light load there are few answers in a second. */
const LEAST_SLICE_SECONDS = 4;
const LEAST_STEADY_SECONDS = 10;

/** What a pair is measured on, and how much was sent and stored so far. */
type Measuring = { readonly sluice: Sluice; readonly backup: Backup; sent: number; stored: number };

/**
 * What a backup on the same machine costs whoever sends: the same Sluice, in turns without a replicator and with one that
 * copies meanwhile, all of it on the same cores and one disk; at full speed, and at a light, steady load.
 */
export const sync: Case = {
  rows: ['syncOff', 'syncOn', 'syncSteadyOff', 'syncSteadyOn'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const measuring = await startMeasuring(context, {});
    const [syncOff, syncOn] = await measurePair(context, measuring);
    const [syncSteadyOff, syncSteadyOn] = await measurePair(context, measuring, STEADY_PER_SECOND);
    await measuring.backup.checkFollowed();
    return { syncOff, syncOn, syncSteadyOff, syncSteadyOn };
  },
};

/**
 * What a backup on another machine costs whoever sends. The other machine is the second half of the cores, which the load
 * generator, the replicator and the second MongoDB share, and a disk in memory for the latter: in both turns alike. The
 * generator goes first there, because what it waits for the processor would count as the path's.
 */
export const syncApart: Case = {
  rows: ['syncApartOff', 'syncApartOn', 'syncApartSteadyOff', 'syncApartSteadyOn'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const cores = await findCores();
    const folder = await makeMemoryFolder(context);
    if (cores === null || folder === null) {
      context.note(
        'What a backup on another machine costs was not measured: that takes two cores, taskset, which is part of util-linux, and a folder in memory (/dev/shm).',
      );
      return {};
    }
    const measuring = await startMeasuring(context, { dir: folder });
    const { sluice, backup } = measuring;
    await keepOnCores(Object.values(sluice.pids()).flat(), cores.first);
    context.resources.defer(() => keepOnCores([process.pid], cores.all));
    // Whatever this program starts from now on is where it is itself.
    await keepOnCores([process.pid, ...backup.pids()], cores.second);
    const [syncApartOff, syncApartOn] = await measurePair(context, measuring);
    const [syncApartSteadyOff, syncApartSteadyOn] = await measurePair(context, measuring, STEADY_PER_SECOND);
    await backup.checkFollowed();
    return { syncApartOff, syncApartOn, syncApartSteadyOff, syncApartSteadyOn };
  },
};

/** Starts a Sluice with some events and a backup that has them, and no replicator. */
async function startMeasuring(context: CaseContext, place: Pick<MongoPlace, 'dir'>): Promise<Measuring> {
  const sluice = await startSluice(context, 'always', { keepsPast: true });
  const backup = await startBackup(context, sluice, place);
  await sluice.addWorkers(1);
  const load = { ...METRIC, url: sluice.url, seconds: LONGEST_SECONDS, maxRequests: WARMUP_EVENTS };
  const { sent, accepted: stored } = await runLoad(load);
  await sluice.untilStored(stored);
  await backup.start();
  await backup.untilFullSync();
  await backup.stop();
  return { sluice, backup, sent, stored };
}

/**
 * Measures two slices without a replicator and two with one, at full speed or at so many events a second, in an order
 * that favours neither: off, on, on, off, and the other way round in the next round.
 */
async function measurePair(
  { run, seconds }: CaseContext,
  measuring: Measuring,
  perSecond: number | null = null,
): Promise<readonly [off: Figures, on: Figures]> {
  const { backup } = measuring;
  const least = perSecond === null ? LEAST_SLICE_SECONDS : LEAST_STEADY_SECONDS;
  const slice = Math.max(least, Math.ceil(seconds / 2));
  const found: Record<'off' | 'on', Figures[]> = { off: [], on: [] };
  for (const which of run % 2 === 1
    ? (['off', 'on', 'on', 'off'] as const)
    : (['on', 'off', 'off', 'on'] as const)) {
    if (which === 'on') {
      await backup.start();
      await untilCopied(measuring);
    }
    found[which].push(await measureSlice(measuring, { seconds: slice, perSecond }));
    if (which === 'on') {
      await untilCopied(measuring);
      await backup.stop();
    }
  }
  return [toMedianFigures(found.off), toMedianFigures(found.on)];
}

async function measureSlice(
  measuring: Measuring,
  load: { readonly seconds: number; readonly perSecond: number | null },
): Promise<Figures> {
  const { sluice, backup, sent: from, stored: storedBefore } = measuring;
  const {
    figures,
    load: { measured, sent, accepted },
  } = await measureEndToEnd(
    { ...sluice, pids: () => ({ ...sluice.pids(), backup: backup.pids() }) },
    { ...METRIC, from, ...load },
    { storedBefore },
  );
  measuring.sent += sent;
  measuring.stored += accepted;
  const behind = measuring.stored - (await backup.db.collection('raw_events').estimatedDocumentCount());
  const extra = {
    ...figures.extra,
    'stored per second': figures.perSecond,
    'not on the backup at the end, events': backup.isCopying() ? behind : 0,
  };
  return { ...figures, perSecond: measured.accepted / measured.seconds, extra };
}

async function untilCopied({ backup, stored }: Measuring): Promise<void> {
  for (const name of ['raw_events', 'normalized_events']) {
    await untilStored(backup.db.collection(name), stored);
  }
}
