import Table from 'cli-table3';
import { isBalanced, type LedgerChange } from './ledger.ts';
import type { Paint } from './paint.ts';
import { formatCount, type Row, toLedgerLine } from './rows.ts';

/** Rules above and below and under the head; no lines between columns or rows. */
const LINES = {
  ...{ top: '─', 'top-mid': '─', 'top-left': '─', 'top-right': '─' },
  ...{ bottom: '─', 'bottom-mid': '─', 'bottom-left': '─', 'bottom-right': '─' },
  ...{ left: ' ', right: ' ', middle: ' ', mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
};

/** Draws the rows and, below them, the ledger. */
export function renderTable(rows: readonly Row[], change: LedgerChange, paint: Paint): string {
  const table = new Table({
    chars: LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    colAligns: ['left', 'left', 'right', 'right', 'left'],
  });
  const head = ['', '', 'expected', 'seen', ''].map((title) => paint('dim', title));
  table.push(head, ...rows.map((row) => toCells(row, paint)));
  const ledger = [
    `${paint('bold', toLedgerLine(change))}  ${toMark(isBalanced(change), paint)}`,
    `${paint('bold', `unaccounted ${formatCount(change.unaccounted)}`)}  ${toMark(change.unaccounted === 0, paint)}`,
  ];
  const lines = [...table.toString().split('\n'), ...ledger.map((line) => ` ${line}`)];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function toCells({ group, label, expected, seen, ok }: Row, paint: Paint): string[] {
  const mark = expected === null && ok ? '' : toMark(ok, paint);
  const shownExpected = paint('dim', expected ?? '');
  return [paint('bold', group), label, shownExpected, ok ? seen : paint('red', seen), mark];
}

function toMark(ok: boolean, paint: Paint): string {
  return ok ? paint('green', '✓') : paint('red', '✗');
}
