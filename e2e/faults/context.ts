import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '@sluice/local/random';
import type { Cluster } from './cluster.ts';
import type { Losses } from './losses.ts';
import type { Traffic } from './traffic.ts';

/** How long the faults of a run last: `short` for minutes, `full` for an hour. */
export type Form = 'short' | 'full';

/** What faults harm, and what they may use. */
export type FaultContext = {
  readonly cluster: Cluster;
  readonly traffic: Traffic;
  readonly losses: Losses;
  readonly form: Form;
};

/** What a fault harms; two faults at once have no target in common. */
export type Target = 'ingest' | 'worker' | 'scheduler' | 'redis' | 'mongo' | 'load';

/** One kind of harm. */
export type Fault = {
  readonly name: string;
  /** How often it is in a bag; the first bag holds every fault once. */
  readonly weight: number;
  readonly targets: readonly Target[];
  /** Does harm, for a while or at once. What is left of it is healed afterwards; `signal` says that time is over. */
  readonly run: (context: FaultContext, random: Random, signal: AbortSignal) => Promise<void>;
  /** Returns why it cannot be done here; undefined when it can. */
  readonly cannot?: (cluster: Cluster) => string | undefined;
};

/** A time in seconds, from and to, for each form of a run. */
export type Span = Readonly<Record<Form, readonly [min: number, max: number]>>;

/** Picks a time of a span, in ms. */
export function pickMs({ form }: Pick<FaultContext, 'form'>, random: Random, span: Span): number {
  const [min, max] = span[form];
  return Math.round((min + random.fraction() * (max - min)) * 1000);
}

/** Waits for `ms`, or until `signal` aborts; never rejects. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
