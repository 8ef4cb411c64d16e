import type { PollOutcome } from '@sluice/contracts/poll';

/** What each outcome is called, and which shape stands for it: a triangle is a failure, a dash that nothing was asked. */
const OUTCOMES: Readonly<Record<PollOutcome, readonly [Shape, string]>> = {
  polled: ['whole', 'read to the end'],
  'with-rejections': ['part', 'read to the end, with rejections'],
  partial: ['part', 'read in part'],
  running: ['running', 'running'],
  waiting: ['held', 'asked to wait'],
  paused: ['held', 'paused'],
  busy: ['held', 'another run was under way'],
  open: ['held', 'left alone after failures'],
  left: ['part', 'broken off'],
  lost: ['part', 'taken over'],
  failed: ['failed', 'failed'],
  crashed: ['failed', 'crashed'],
};

/** The shapes of marks. */
export type Shape = 'whole' | 'part' | 'running' | 'held' | 'failed';

/** Returns the shape of an outcome. */
export function toShape(outcome: PollOutcome): Shape {
  return OUTCOMES[outcome][0];
}

/** Says what an outcome is in words. */
export function describeOutcome(outcome: PollOutcome): string {
  return OUTCOMES[outcome][1];
}

/** Counts outcomes in words, what is bad first. */
export function describeOutcomes(runs: readonly { readonly outcome: PollOutcome }[]): string {
  const counts = new Map<PollOutcome, number>();
  for (const { outcome } of runs) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts]
    .toSorted(([left], [right]) => WORST_FIRST.indexOf(toShape(left)) - WORST_FIRST.indexOf(toShape(right)))
    .map(([outcome, count]) => `${count} ${describeOutcome(outcome)}`)
    .join(', ');
}

const WORST_FIRST: readonly Shape[] = ['failed', 'held', 'part', 'running', 'whole'];
