import { createRandom, type Random } from '@sluice/local/random';
import type { Say } from '@sluice/local/say';
import type { Db } from 'mongodb';
import { type Fault, type FaultContext, rest } from './context.ts';
import { FLOW_WITHIN_MS, probeFlow } from './flow.ts';

/** What was done, and how soon work flowed again. */
export type NemesisReport = {
  /** How often each fault was done. */
  readonly done: ReadonlyMap<string, number>;
  /** The faults that cannot be done here, and why. */
  readonly skipped: ReadonlyMap<string, string>;
  /** What broke the promise that work flows again within a minute. */
  readonly stuck: readonly string[];
  readonly slowestFlowMs: number;
};

const TWO_AT_ONCE_SHARE = 0.25;
const PAUSE_MS: readonly [number, number] = [500, 2500];

/**
 * Does one fault after another, sometimes two at once, until `signal` aborts. After each, what it left is healed and
 * a probe must be stored within a minute.
 */
export async function runNemesis(options: {
  readonly faults: readonly Fault[];
  readonly context: FaultContext;
  readonly db: Db;
  readonly seed: number;
  readonly say: Say;
  readonly signal: AbortSignal;
}): Promise<NemesisReport> {
  const { context, db, seed, say, signal } = options;
  const { cluster, traffic } = context;
  const random = createRandom(seed, 'nemesis');
  const skipped = new Map<string, string>();
  for (const fault of options.faults) {
    const reason = fault.cannot?.(cluster);
    if (reason !== undefined) skipped.set(fault.name, reason);
  }
  const bags = createBags(
    options.faults.filter(({ name }) => !skipped.has(name)),
    random,
  );
  const done = new Map<string, number>();
  const stuck: string[] = [];
  let slowestFlowMs = 0;
  let round = 0;

  while (!signal.aborted) {
    const faults = bags.take(random.fraction() < TWO_AT_ONCE_SHARE);
    if (faults.length === 0) break;
    const names = faults.map(({ name }) => name).join(' + ');
    const startMs = performance.now();
    say(names);
    for (const { name } of faults) done.set(name, (done.get(name) ?? 0) + 1);
    round += 1;
    // Numbers of its own for each: how many a fault draws depends on the machine, and the order must not.
    const toRandom = (fault: Fault): Random => createRandom(seed, `${fault.name} in round ${round}`);
    await Promise.all(faults.map((fault) => fault.run(context, toRandom(fault), signal)));
    await cluster.heal();
    const lastedMs = performance.now() - startMs;
    const flowMs = await probeFlow(traffic, cluster.ingests, db);
    if (flowMs === undefined) stuck.push(`after ${names}: no work flows within ${FLOW_WITHIN_MS / 1000} s`);
    slowestFlowMs = Math.max(slowestFlowMs, flowMs ?? FLOW_WITHIN_MS);
    const flow = flowMs === undefined ? 'no flow' : `new events stored after ${toSeconds(flowMs)}`;
    say(`  ${toSeconds(lastedMs)}, then ${flow}`);
    await rest(random.whole(...PAUSE_MS), signal);
  }
  return { done, skipped, stuck, slowestFlowMs };
}

function toSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Draws from shuffled bags: the first holds every fault once, later ones each as often as it weighs. */
function createBags(faults: readonly Fault[], random: Random) {
  let bag = random.shuffle(faults);

  function refill(): void {
    if (bag.length > 0) return;
    bag = random.shuffle(faults.flatMap((fault) => Array.from({ length: fault.weight }, () => fault)));
  }

  return {
    /** Takes the next fault, and with `two` one more that harms something else. */
    take(two: boolean): readonly Fault[] {
      refill();
      const first = bag.shift();
      if (first === undefined) return [];
      const beside = two
        ? bag.findIndex(({ targets }) => !targets.some((one) => first.targets.includes(one)))
        : -1;
      return beside === -1 ? [first] : [first, ...bag.splice(beside, 1)];
    },
  };
}
