import type { Counts } from './expected.ts';
import { isBalanced, type LedgerChange } from './ledger.ts';
import type { Latency, Seen } from './seen.ts';

/** A line of the table. `expected` is null where there is nothing to expect, only to see. */
export type Row = {
  readonly group: string;
  readonly label: string;
  readonly expected: string | null;
  readonly seen: string;
  readonly ok: boolean;
};

/** Compares what was expected with what was seen, row by row. */
export function toRows(expected: Counts, { counts, latency }: Seen): Row[] {
  const row = (group: string, label: string, read: (counts: Counts) => number): Row => ({
    group,
    label,
    expected: formatCount(read(expected)),
    seen: formatCount(read(counts)),
    ok: read(expected) === read(counts),
  });
  const codes = [...new Set([...expected.rejected.keys(), ...counts.rejected.keys()])].sort();
  return [
    row('sent', 'GitHub webhooks', ({ answered }) => answered.github),
    row('', 'metric events of two clients', ({ answered }) => answered.metrics),
    row('', 'device readings', ({ answered }) => answered.vitals),
    row('polled', 'orders of a legacy system', ({ polled }) => polled),
    ...codes.map((code, index) =>
      row(index === 0 ? 'rejected' : '', code, ({ rejected }) => rejected.get(code) ?? 0),
    ),
    row('merged', 'exact repeats, answered as such', ({ merged }) => merged),
    row('accepted', 'new events', ({ accepted }) => accepted),
    row('normalized', 'records', ({ normalized }) => normalized),
    row('duplicate', 'raw: same content', ({ duplicateRaw }) => duplicateRaw),
    row('', 'normalized: same record, spelled otherwise', ({ duplicateNormalized }) => duplicateNormalized),
    row('dead', 'dead letters, to be mended by a person', ({ dead }) => dead),
    row('latest', 'devices that show their last reading', ({ devices }) => devices),
    ...toLatencyRows(latency),
  ];
}

/** Says what is wrong: one sentence for each row that is off, and one when the ledger does not balance. */
export function listFaults(rows: readonly Row[], change: LedgerChange): string[] {
  const faults: string[] = [];
  let group = '';
  for (const row of rows) {
    group = row.group === '' ? group : row.group;
    if (!row.ok) faults.push(`${group}, ${row.label}: expected ${row.expected}, seen ${row.seen}.`);
  }
  if (!isBalanced(change)) faults.push('The ledger does not balance.');
  return faults;
}

/** Writes the ledger as an equation. */
export function toLedgerLine({ accepted, normalized, duplicate, dead, inFlight }: LedgerChange): string {
  const right = [
    `normalized ${formatCount(normalized)}`,
    `duplicate ${formatCount(duplicate)}`,
    `dead ${formatCount(dead)}`,
    `in flight ${formatCount(inFlight)}`,
  ];
  return `accepted ${formatCount(accepted)} = ${right.join(' + ')}`;
}

/** Writes a count for people: 1,234. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

function toLatencyRows(latency: Latency | null): Row[] {
  if (latency === null) {
    return [{ group: 'stored', label: 'after acceptance', expected: null, seen: 'nothing', ok: false }];
  }
  const { p50Ms, p99Ms } = latency;
  return [
    {
      group: 'stored',
      label: 'after acceptance, p50',
      expected: null,
      seen: `${formatCount(p50Ms)} ms`,
      ok: true,
    },
    { group: '', label: 'after acceptance, p99', expected: null, seen: `${formatCount(p99Ms)} ms`, ok: true },
  ];
}
