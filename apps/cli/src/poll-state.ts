import type { PollOutcome } from '@sluice/contracts/poll';

/** What is read of a run, as the api shows it or as it is stored. */
type Run = {
  readonly outcome: PollOutcome;
  readonly error: string | null;
  readonly problems: { readonly count: number; readonly first: readonly string[] };
};

/** How polling a source goes; `isWell` is false where a person should look. */
export type PollState = { readonly isWell: boolean; readonly text: string };

/** Outcomes that say nothing of the source itself. */
const PASSING: readonly PollOutcome[] = ['running', 'busy', 'left', 'lost', 'paused', 'open'];

/** Says how polling a source goes by its last runs, the newest first. */
export function toPollState(runs: readonly Run[]): PollState {
  const told = runs.filter(({ outcome }) => !PASSING.includes(outcome));
  const [last] = told;
  if (last === undefined) return { isWell: true, text: 'not polled yet' };
  if (last.outcome === 'failed' || last.outcome === 'crashed') {
    const firstGood = told.findIndex(({ outcome }) => outcome !== 'failed' && outcome !== 'crashed');
    const count = firstGood === -1 ? told.length : firstGood;
    const often = count === 1 ? 'once' : `${count} times${firstGood === -1 ? ' or more' : ''}`;
    return { isWell: false, text: `${last.outcome} ${often}: ${last.error ?? 'its scheduler ended'}` };
  }
  const { count, first } = last.problems;
  if (count === 0) return { isWell: true, text: last.outcome };
  return { isWell: false, text: `${last.outcome}, ${count} problems: ${first[0] ?? ''}` };
}
