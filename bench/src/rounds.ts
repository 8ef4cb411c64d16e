/*
 * A sitting: rounds, in each of which every case runs once.
 *
 * 1. The no-op server is measured right before each case that is compared with it, because a machine is not equally
 *    fast all day; ratios are made within a round.
 * 2. Whatever a case starts ends with it. The signal ends the case under way, and the sitting.
 * 3. A case whose counts are off, or that fails, has no figures; the others go on.
 */
import { once } from 'node:events';
import { StartError } from '@sluice/local/say';
import type { Arguments } from './arguments.ts';
import type { CaseContext, Figures, Measured } from './case.ts';
import { CASE_NAMES, CASES, type CaseName } from './cases/registry.ts';

/** What one round found. */
export type Round = {
  readonly figures: Measured;
  /** The no-op that was measured right before each row. */
  readonly noopBeside: Measured;
  /** Every no-op of the round. */
  readonly noops: readonly Figures[];
};

/** A case that has no figures, and why. */
export type Failure = { readonly name: CaseName; readonly reason: string };

/** What a sitting found. */
export type Sitting = {
  readonly planned: readonly CaseName[];
  readonly rounds: readonly Round[];
  readonly failures: readonly Failure[];
  /** Why something was not measured here, in sentences. */
  readonly notes: readonly string[];
};

/** How a sitting is run. */
export type SittingOptions = Omit<Arguments, 'json'> & Pick<CaseContext, 'env' | 'say' | 'signal'>;

/**
 * Runs the rounds, one case after the other.
 *
 * @throws StartError when Redis or MongoDB cannot be started
 */
export async function runSitting(options: SittingOptions): Promise<Sitting> {
  const plan = toPlan(options);
  const failures: Failure[] = [];
  const notes = new Set<string>();
  const rounds: Round[] = [];
  for (let run = 1; run <= options.runs; run += 1) {
    rounds.push(await runRound(plan, run, { ...options, note: (sentence) => notes.add(sentence) }, failures));
  }
  return { planned: [...new Set(plan)], rounds, failures, notes: [...notes] };
}

/** Lists the cases of a round, with a no-op before each that needs one. */
function toPlan({ only, growth, soak, fullSync }: SittingOptions): readonly CaseName[] {
  const long = { growth, soak, 'full-sync': fullSync };
  const chosen = CASE_NAMES.filter((name) =>
    only.length > 0 ? only.includes(name) : !CASES[name].isLong || (name in long && long[name as 'soak']),
  );
  return chosen.flatMap((name, index) =>
    CASES[name].besideNoop && chosen[index - 1] !== 'noop' ? (['noop', name] as const) : [name],
  );
}

type RoundOptions = SittingOptions & Pick<CaseContext, 'note'>;

async function runRound(
  plan: readonly CaseName[],
  run: number,
  options: RoundOptions,
  failures: Failure[],
): Promise<Round> {
  const figures: Measured = {};
  const noopBeside: Measured = {};
  const noops: Figures[] = [];
  for (const name of plan) {
    options.signal.throwIfAborted();
    try {
      const measured = await runCase(name, run, options);
      if (measured.noop !== undefined) noops.push(measured.noop);
      Object.assign(figures, measured);
      const last = noops.at(-1);
      if (last !== undefined) for (const row of CASES[name].rows) noopBeside[row] = last;
      options.say(`run ${run}, ${name}: ${describe(measured)}`);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof StartError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      failures.push({ name, reason });
      options.say(`run ${run}, ${name}: no figures. ${reason}`);
    }
  }
  return { figures, noopBeside, noops };
}

async function runCase(name: CaseName, run: number, options: RoundOptions): Promise<Measured> {
  const { seconds, isQuick, documents, env, say, note, signal } = options;
  await using resources = new AsyncDisposableStack();
  const stopped = new AbortController();
  // A case that waits for a store would go on for a while after that has ended.
  const aborted = once(signal, 'abort', { signal: stopped.signal }).then(() => Promise.reject(signal.reason));
  aborted.catch(() => undefined);
  try {
    const context = { resources, run, seconds, isQuick, documents, env, say, note, signal };
    return await Promise.race([CASES[name].run(context), aborted]);
  } finally {
    stopped.abort();
  }
}

function describe(measured: Measured): string {
  return Object.values(measured)
    .map(({ perSecond }) => `${Math.round(perSecond).toLocaleString('en')}/s`)
    .join(', ');
}
