/** Batch numbers of one instance, both ends included. */
export type SeqRange = { readonly from: number; readonly to: number };

/** Returns ranges without some numbers, which are in ascending order as the ranges are. */
export function withoutSeqs(ranges: readonly SeqRange[], seqs: readonly number[]): readonly SeqRange[] {
  return ranges.flatMap((range) => {
    const left: SeqRange[] = [];
    let from = range.from;
    for (const seq of seqs) {
      if (seq < from || seq > range.to) continue;
      if (seq > from) left.push({ from, to: seq - 1 });
      from = seq + 1;
    }
    return from > range.to ? left : [...left, { from, to: range.to }];
  });
}

/** Returns ranges with some numbers more, ascending; what touches is one range. */
export function withSeqs(ranges: readonly SeqRange[], seqs: readonly number[]): readonly SeqRange[] {
  const all = [...ranges, ...seqs.map((seq) => ({ from: seq, to: seq }))].sort((a, b) => a.from - b.from);
  const joined: SeqRange[] = [];
  for (const range of all) {
    const last = joined.at(-1);
    if (last === undefined || range.from > last.to + 1) joined.push(range);
    else joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
  }
  return joined;
}

/** Tells whether a number is in one of some ranges. */
export function isInRanges(ranges: readonly SeqRange[], seq: number): boolean {
  return ranges.some(({ from, to }) => from <= seq && seq <= to);
}
