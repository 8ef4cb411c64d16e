import type { Mutant } from './mutant.ts';
import type { Outcome } from './trial.ts';

/** Writes a line for each mutant as soon as it is known what became of it. */
export type Table = {
  readonly head: string;
  toRow(mutant: Mutant, outcome: Outcome, seconds: number): string;
};

/** Creates the table of these mutants, whose names decide how wide it is. */
export function createTable(mutants: readonly Mutant[]): Table {
  const width = Math.max(...mutants.map(({ name }) => name.length));
  const toLine = (name: string, breaks: string, seconds: string, by: string) =>
    `${name.padEnd(width)}  ${breaks.padEnd(10)}  ${seconds.padStart(7)}  ${by}\n`;
  return {
    head: toLine('the product ...', 'breaks', 'seconds', 'caught by'),
    toRow({ name, breaks }, outcome, seconds) {
      return toLine(name, `${breaks}`, seconds.toFixed(1), toText(outcome));
    },
  };
}

function toText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'caught':
      return outcome.by;
    case 'survives':
      return `NOTHING: it survives ${outcome.tests} tests`;
    case 'invalid':
      return `INVALID: ${outcome.reason}`;
  }
}
