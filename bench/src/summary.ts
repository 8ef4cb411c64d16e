import { type Figures, ROWS, type RowId } from './case.ts';
import { CASES } from './cases/registry.ts';
import { toMedianFigures } from './median-figures.ts';
import { judge, type Verdict } from './ratios.ts';
import type { Sitting } from './rounds.ts';

/** A row of the table: the median of each figure, null when a run of its case failed. */
export type SummaryRow = {
  readonly id: RowId;
  readonly name: string;
  readonly median: Figures | null;
  /** The slowest and the fastest run, per second. */
  readonly range: readonly [number, number] | null;
  readonly runs: readonly Figures[];
};

/** All that a sitting found, as it is printed. */
export type Summary = { readonly rows: readonly SummaryRow[]; readonly verdicts: readonly Verdict[] };

/** Takes the medians over the rounds. A case that failed in one round has no figures at all. */
export function summarize({ planned, rounds, failures }: Omit<Sitting, 'notes'>): Summary {
  const failed = new Set(failures.flatMap(({ name }) => CASES[name].rows));
  const wanted = new Set(planned.flatMap((name) => CASES[name].rows));
  const rows = (Object.keys(ROWS) as RowId[])
    .filter((id) => wanted.has(id))
    .map((id): SummaryRow => {
      const runs = rounds.flatMap(({ figures, noops }) =>
        id === 'noop' ? noops : [figures[id] ?? []].flat(),
      );
      const name = ROWS[id];
      if (failed.has(id) || runs.length === 0) return { id, name, median: null, range: null, runs: [] };
      const speeds = runs.map(({ perSecond }) => perSecond);
      return {
        id,
        name,
        median: toMedianFigures(runs),
        range: [Math.min(...speeds), Math.max(...speeds)],
        runs,
      };
    });
  const measured = new Set(rows.filter(({ median }) => median !== null).map(({ id }) => id));
  return { rows, verdicts: judge(rounds, measured) };
}
