/**
 * One run of polling under faults:
 *
 *  1. A legacy system whose records change all the time, and two schedulers as processes.
 *  2. For a while its answers are at fault, and one of the schedulers is killed and started again, all by the seed.
 *  3. Faults and changes end. Then everything that the legacy system holds must come into the queue: no gap; nothing
 *     that it never held; no version of a record under two ids: no double.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '@sluice/local/random';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createLogger } from '@sluice/runtime/logger';
import { connectStore } from '@sluice/store/connection';
import { createPollRuns } from '@sluice/store/poll-runs';
import type { Place } from '../wiring.ts';
import { startFaultyLegacy } from './faulty-legacy.ts';
import { toVersionKey } from './legacy-data.ts';
import { declareSources } from './sources.ts';

/** What came of a run; no violations is what is promised. */
export type PollsReport = {
  readonly violations: readonly string[];
  readonly records: number;
  readonly faults: number;
  readonly kills: number;
  /** Runs by their outcome, as the history holds them. */
  readonly outcomes: Readonly<Record<string, number>>;
};

/** How long all may take to arrive once the faults are over: a breaker may be open for 20 s. */
const SETTLE_MS = 60_000;
const LOOK_EVERY_MS = 500;

/** Polls a faulty system for `faultsMs`, by a seed, in a database and under a prefix of the run's own. */
export async function runPolls(
  seed: number,
  { place, faultsMs }: { readonly place: Place; readonly faultsMs: number },
): Promise<PollsReport> {
  const random = createRandom(seed, 'nemesis');
  const legacy = await startFaultyLegacy(seed, declareSources);
  const logger = createLogger({ app: 'scheduler', instance: 'checks', level: 'silent' });
  const { redisUrl, prefix } = place;
  const inspector = createEventsInspector({ redisUrl, prefix, logger });
  const store = connectStore({ uri: place.mongoUrl, appName: 'checks' });
  const program = new URL('./scheduler-process.ts', import.meta.url).pathname;
  let started = 0;

  async function startScheduler() {
    started += 1;
    const argument = { place, instance: `polls-${seed}-${started}`, sources: legacy.sources };
    const child = fork(program, [JSON.stringify(argument)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    return child;
  }

  const running = await Promise.all([startScheduler(), startScheduler()]);
  let kills = 0;
  try {
    const endMs = performance.now() + faultsMs;
    while (performance.now() < endMs) {
      await pause(random.whole(2000, 5000));
      const index = random.whole(0, 1);
      const victim = running[index];
      if (victim === undefined || performance.now() > endMs) break;
      const gone = once(victim, 'exit');
      victim.kill('SIGKILL');
      await gone;
      kills += 1;
      await pause(random.whole(0, 1500));
      running[index] = await startScheduler();
    }
    legacy.calm();
    const violations = await settle();
    const runs = createPollRuns(store);
    const outcomes: Record<string, number> = {};
    for (const { id } of legacy.sources) {
      for (const { outcome } of await runs.list(id, 1000)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    const records = [...legacy.tables.values()].reduce((sum, { ever }) => sum + ever.size, 0);
    const faults = [...legacy.faults.values()].reduce((sum, count) => sum + count, 0);
    return { violations, records, faults, kills, outcomes };
  } finally {
    for (const child of running) child.kill('SIGKILL');
    await legacy.close();
    await store.db.dropDatabase();
    await Promise.all([inspector.close(), store.close()]);
  }

  async function settle(): Promise<string[]> {
    const endMs = performance.now() + SETTLE_MS;
    for (;;) {
      const violations = check(await readKept());
      if (violations.length === 0 || performance.now() > endMs) return violations;
      await pause(LOOK_EVERY_MS);
    }
  }

  /** Reads the versions of records that were kept, by source, and under which ids. */
  async function readKept(): Promise<Map<string, Map<string, Set<string>>>> {
    const kept = new Map<string, Map<string, Set<string>>>();
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const from = cursor === undefined ? {} : { cursor };
      const page = await inspector.listEvents({ state: 'waiting', limit: 500, ...from });
      for (const { event } of page.items) {
        const record: { id: string; updated_at: string } = JSON.parse(event.body);
        const key = toVersionKey({ id: record.id, updatedMs: Date.parse(record.updated_at) });
        const versions = kept.get(event.source) ?? new Map<string, Set<string>>();
        kept.set(event.source, versions.set(key, (versions.get(key) ?? new Set()).add(event.eventId)));
      }
      cursor = page.nextCursor;
    }
    return kept;
  }

  function check(kept: Awaited<ReturnType<typeof readKept>>): string[] {
    return [...legacy.tables].flatMap(([id, { rows, ever }]) => {
      const versions = kept.get(id) ?? new Map<string, Set<string>>();
      const wanted = [...rows.values()].filter(({ isBad }) => !isBad);
      const missing = wanted.map(toVersionKey).filter((key) => !versions.has(key));
      const invented = [...versions.keys()].filter((key) => !ever.has(key));
      const doubled = [...versions].filter(([, ids]) => ids.size > 1).map(([key]) => key);
      const tell = (what: string, keys: readonly string[]) =>
        keys.length === 0 ? [] : [`${id}: ${keys.length} ${what}, like ${keys.slice(0, 3).join(', ')}`];
      return [...tell('missing', missing), ...tell('never held', invented), ...tell('twice', doubled)];
    });
  }
}
