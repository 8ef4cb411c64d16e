import { stripVTControlCharacters } from 'node:util';
import type { Paint } from './paint.ts';

/** A column of a table: its title, and on which side its cells stand. */
export type Column = { readonly title: string; readonly align?: 'right' };

const GAP = '  ';
const CONTROL = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Draws rows below the titles of their columns, two blanks apart, without lines. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: Paint,
): string {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, at) => Math.max(...[titles, ...rows].map((row) => toWidth(row[at] ?? ''))));
  const toLine = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => pad(cell, widths[at] ?? 0, columns[at]?.align))
      .join(GAP)
      .trimEnd();
  return [paint('dim', toLine(titles)), ...rows.map(toLine)].map((line) => `${line}\n`).join('');
}

/** Draws names with their values, one pair a line. */
export function renderPairs(pairs: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs
    .map(([name, value]) => `${paint('dim', name.padEnd(width))}${GAP}${value}`.trimEnd())
    .join('\n');
}

/** Makes text of strangers safe for a terminal: no control characters, and at most `length` characters. */
export function toCell(text: string, length = 80): string {
  const clean = stripVTControlCharacters(text).replace(CONTROL, ' ');
  return clean.length > length ? `${clean.slice(0, length - 3)}...` : clean;
}

/** Writes a number with commas: 1,234,567. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

function pad(cell: string, width: number, align: Column['align']): string {
  const blanks = ' '.repeat(Math.max(0, width - toWidth(cell)));
  return align === 'right' ? `${blanks}${cell}` : `${cell}${blanks}`;
}

function toWidth(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
