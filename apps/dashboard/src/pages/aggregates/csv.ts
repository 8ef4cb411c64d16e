import type { Aggregates } from '@sluice/contracts/aggregates';

const HEAD = ['bucket', 'source', 'metric', 'count', 'sum', 'min', 'max', 'avg'] as const;

/** Writes aggregates as CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe before it. */
export function toCsv(series: Aggregates['series']): string {
  const rows = series.map((entry) => HEAD.map((name) => toCell(entry[name])).join(','));
  return `${[HEAD.join(','), ...rows].join('\r\n')}\r\n`;
}

function toCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
