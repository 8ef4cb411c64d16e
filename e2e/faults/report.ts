import type { FaultRunReport } from './run-faults.ts';

const MAX_SHOWN = 20;

/** Writes the table of a run: what was done, what was answered, and which promises hold. */
export function toTable(report: FaultRunReport): string {
  const { nemesis, book, checks, memory, dir } = report;
  const { times } = book;
  const isBroken = checks.some(({ broken }) => broken.length > 0);
  return [
    'Faults',
    ...rows([...nemesis.done].sort(([a], [b]) => a.localeCompare(b))),
    ...[...nemesis.skipped].map(([name, why]) => `  ${name}: skipped, ${why}`),
    'Requests',
    ...rows([
      ['sent', book.sentCount],
      ['ok', `${book.okCount} (${book.duplicateCount} known already)`],
      ...[...book.refusedByCode].sort(([a], [b]) => a.localeCompare(b)).map(toRow('refused')),
      ...[...book.unknownByReason].map(toRow('unknown')),
      ['answers', `p50 ${times.p50Ms} ms, p99 ${times.p99Ms} ms, max ${times.maxMs} ms`],
      [
        'new events stored',
        `${(nemesis.slowestFlowMs / 1000).toFixed(1)} s after healing at the latest, behind what waited`,
      ],
      [
        'most memory',
        [...memory].map(([label, bytes]) => `${label} ${Math.round(bytes / 1024 ** 2)}`).join(', '),
      ],
    ]),
    'Promises',
    ...checks.flatMap(({ name, broken }) => [
      `  ${broken.length === 0 ? '✓' : '✗'} ${name}`,
      ...broken.slice(0, MAX_SHOWN).map((what) => `      ${what}`),
      ...(broken.length > MAX_SHOWN ? [`      and ${broken.length - MAX_SHOWN} more`] : []),
    ]),
    isBroken ? `Broken. Data and logs are kept in ${dir}.` : 'Every promise holds.',
  ].join('\n');
}

function toRow(what: string) {
  return ([key, count]: readonly [string, number]): readonly [string, number] => [`${what} ${key}`, count];
}

function rows(entries: readonly (readonly [string, string | number])[]): string[] {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}
