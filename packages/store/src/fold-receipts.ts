import type { ReceiptDocument } from '@sluice/contracts/bulk';
import type { StoredInstance } from './collections.ts';
import { isInRanges, type SeqRange, withoutSeqs, withSeqs } from './seq-ranges.ts';

/** What was folded of an instance; see `StoredInstance`. */
export type Folded = Required<NonNullable<StoredInstance['folded']>>;

/** Tells what was folded of an instance so far. */
export function toFolded({ folded }: Pick<StoredInstance, 'folded'>): Folded {
  return { to: 0, accepted: 0, merged: 0, uncounted: 0, gaps: [], voids: [], ...folded };
}

/**
 * Folds receipts of one instance, ascending and old enough: late ones, and those beyond `folded.to` up to the first that
 * would leave more than `maxRanges` gaps. Returns what is folded then, and the receipts that are no longer needed. Those
 * that would make more than `maxRanges` void ranges, or pieces of a range, stand for themselves.
 *
 * @param told the last number that the instance told of; what lies beyond it is in none of the events that it told of
 */
export function foldReceipts(
  folded: Folded,
  receipts: readonly ReceiptDocument[],
  { told, maxRanges }: { readonly told: number; readonly maxRanges: number },
): { readonly folded: Folded; readonly done: readonly ReceiptDocument[] } {
  const late = receipts.filter(({ seq }) => seq <= folded.to);
  const next = receipts.filter(({ seq }) => seq > folded.to);
  const open = takeOut(folded.gaps, toSeqs(late), maxRanges);
  const run = toRun(next, folded.to, maxRanges - open.length);
  const left = takeOut(folded.voids, toSeqs(late, 'settled'), maxRanges);
  const isStuck = ({ seq, state }: ReceiptDocument) =>
    isInRanges(open, seq) || (state === 'settled' && isInRanges(left, seq));
  const known = [...late.filter((receipt) => !isStuck(receipt)), ...run.receipts];
  const voids = addVoids(left, toSeqs(known, 'void'), maxRanges);
  const done = known.filter(({ state, seq }) => state === 'settled' || isInRanges(voids, seq));
  const added = done.filter((receipt) => receipt.state === 'settled' && isNew(receipt, folded));
  // A number that was void when it was folded is in none of the events that were told of, whatever its late receipt says.
  const apart = added.filter(
    ({ uncounted, seq }) => uncounted === true || seq > told || isInRanges(folded.voids, seq),
  );
  return {
    done,
    folded: {
      to: run.to,
      accepted: folded.accepted + sum(added, 'accepted'),
      merged: folded.merged + sum(added, 'merged'),
      uncounted: folded.uncounted + sum(apart, 'accepted') + sum(apart, 'merged'),
      gaps: [...open, ...run.gaps],
      voids,
    },
  };
}

/** Tells what the sums say of a batch: nothing of one that lies beyond them, or in a gap. */
export function toFoldedState(folded: Folded | undefined, seq: number): ReceiptDocument['state'] | undefined {
  if (folded === undefined || seq < 1 || seq > folded.to || isInRanges(folded.gaps, seq)) return undefined;
  return isInRanges(folded.voids, seq) ? 'void' : 'settled';
}

/**
 * Whether a settled receipt is not among the sums. A backup that was promoted may hold both, when the primary was lost
 * while the sums were copied and the receipts not yet deleted. Of an earlier release there may be void ones in no range,
 * and whoever settled those marked them as uncounted.
 */
function isNew({ seq, uncounted }: ReceiptDocument, { to, gaps, voids }: Folded): boolean {
  return seq > to || uncounted === true || isInRanges(gaps, seq) || isInRanges(voids, seq);
}

/** Takes receipts beyond `to`; `room` gaps between them at most. */
function toRun(receipts: readonly ReceiptDocument[], to: number, room: number) {
  const gaps: SeqRange[] = [];
  const run: ReceiptDocument[] = [];
  let last = to;
  for (const receipt of receipts) {
    if (receipt.seq > last + 1) {
      if (gaps.length >= room) break;
      gaps.push({ from: last + 1, to: receipt.seq - 1 });
    }
    run.push(receipt);
    last = receipt.seq;
  }
  return { receipts: run, to: last, gaps };
}

/** Takes numbers out of ranges, but leaves a range as it is that would fall into more pieces than there is room for. */
function takeOut(
  ranges: readonly SeqRange[],
  seqs: readonly number[],
  maxRanges: number,
): readonly SeqRange[] {
  let room = maxRanges - ranges.length;
  return ranges.flatMap((range) => {
    const left = withoutSeqs([range], seqs);
    if (left.length - 1 > Math.max(0, room)) return [range];
    room -= left.length - 1;
    return left;
  });
}

/** Adds numbers to void ranges, but none that would need a range for which there is no room. */
function addVoids(
  voids: readonly SeqRange[],
  seqs: readonly number[],
  maxRanges: number,
): readonly SeqRange[] {
  let room = maxRanges - voids.length;
  return withSeqs(voids, seqs).filter(({ from, to }) => {
    if (voids.some((range) => from <= range.from && range.to <= to)) return true;
    room -= 1;
    return room >= 0;
  });
}

function toSeqs(receipts: readonly ReceiptDocument[], of?: ReceiptDocument['state']): readonly number[] {
  return receipts.filter(({ state }) => of === undefined || state === of).map(({ seq }) => seq);
}

function sum(receipts: readonly ReceiptDocument[], of: 'accepted' | 'merged'): number {
  return receipts.reduce((total, receipt) => total + receipt[of], 0);
}
