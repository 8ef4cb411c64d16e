import type { Stats } from '@sluice/contracts/api';

/** What the ledger counted between two readings. */
export type LedgerChange = {
  readonly accepted: number;
  readonly normalized: number;
  readonly duplicate: number;
  readonly duplicateRaw: number;
  readonly duplicateNormalized: number;
  readonly dead: number;
  readonly inFlight: number;
  readonly merged: number;
  readonly unaccounted: number;
};

/** Subtracts an earlier reading from a later one. */
export function toLedgerChange(before: Stats, after: Stats): LedgerChange {
  const change = (read: (stats: Stats) => number): number => read(after) - read(before);
  return {
    accepted: change(({ ledger }) => ledger.accepted),
    normalized: change(({ ledger }) => ledger.normalized),
    duplicate: change(({ ledger }) => ledger.duplicate),
    duplicateRaw: change(({ duplicates }) => duplicates.raw),
    duplicateNormalized: change(({ duplicates }) => duplicates.normalized),
    dead: change(({ ledger }) => ledger.dead),
    inFlight: change(({ ledger }) => ledger.inFlight),
    merged: change(({ ledger }) => ledger.merged),
    unaccounted: change(({ ledger }) => ledger.unaccounted),
  };
}

/** Tells whether everything that was accepted is somewhere, and nothing twice. */
export function isBalanced({
  accepted,
  normalized,
  duplicate,
  dead,
  inFlight,
  unaccounted,
}: LedgerChange): boolean {
  return unaccounted === 0 && accepted === normalized + duplicate + dead + inFlight;
}
