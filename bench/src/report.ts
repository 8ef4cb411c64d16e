import { availableParallelism, cpus, tmpdir } from 'node:os';
import Table, { type HorizontalAlignment } from 'cli-table3';
import type { Arguments } from './arguments.ts';
import { CPU_GROUPS, type CpuUs, sumPath } from './cpu.ts';
import type { Latency } from './load/latencies.ts';
import type { Verdict } from './ratios.ts';
import type { Sitting } from './rounds.ts';
import type { Summary, SummaryRow } from './summary.ts';

type Reported = Summary & Pick<Sitting, 'failures' | 'notes'>;

const NONE = '-';
const PLAIN = { head: [], border: [], compact: true };

/** Renders a sitting as JSON, every single run in it. */
export function toJson({ rows, verdicts, failures, notes }: Reported, { runs, seconds }: Arguments): string {
  return `${JSON.stringify({ machine: describeMachine(), runs, seconds, rows, ratios: verdicts, failures, notes }, null, 2)}\n`;
}

/** Renders a sitting as tables for a person. */
export function toTables(
  { rows, verdicts, failures, notes }: Reported,
  { runs, seconds }: Arguments,
): string {
  const { cpu, cores, node, folder } = describeMachine();
  return [
    `${cores} cores (${cpu}), Node ${node}, data in ${folder}; ${runs} ${runs === 1 ? 'run' : 'runs, medians'} of ${seconds} s a case`,
    renderRows(rows),
    'Times in ms: from sending a request (when it was due, at a steady rate) to its answer, and from receiving an event to its record. CPU in µs per event; "path" is the sum of http, worker, Redis and mongod, "backup" is the replicator and the second MongoDB, "rest" is api and scheduler; "others" is what other programs took of the machine meanwhile.',
    ...(verdicts.length === 0 ? [] : [renderVerdicts(verdicts)]),
    ...rows.flatMap(describeExtra),
    ...notes,
    ...failures.map(({ name, reason }) => `NO FIGURES of ${name}: ${reason}`),
    '',
  ].join('\n');
}

function renderRows(rows: readonly SummaryRow[]): string {
  const table = new Table({
    head: [
      'case',
      'per second',
      'from - to',
      'answer p50',
      'p99',
      'stored p50',
      'p99',
      ...CPU_GROUPS,
      'path',
      'others',
    ],
    colAligns: ['left', ...Array.from<HorizontalAlignment>({ length: 16 }).fill('right')],
    style: PLAIN,
  });
  for (const { name, median, range } of rows) {
    if (median === null) {
      table.push([name, { content: 'no figures', colSpan: 16, hAlign: 'left' }]);
      continue;
    }
    const { perSecond, answered, stored, cpuUs, foreignShare } = median;
    const spread = range === null ? NONE : range.map((speed) => toCount(speed)).join(' - ');
    const times = [...toTimes(answered), ...toTimes(stored)];
    table.push([name, toCount(perSecond), spread, ...times, ...toCpu(cpuUs), toPercent(foreignShare)]);
  }
  return table.toString();
}

function renderVerdicts(verdicts: readonly Verdict[]): string {
  const table = new Table({
    head: ['ratio, median of those of each run', 'value', 'asked', ''],
    colAligns: ['left', 'right', 'right', 'left'],
    style: PLAIN,
  });
  for (const { name, value, asked, isOk } of verdicts) {
    const bound = 'least' in asked ? `>= ${asked.least}` : `<= ${asked.most}`;
    const word = isOk === null ? 'not measured' : isOk ? 'ok' : 'short';
    table.push([name, value === null ? NONE : toShort(value), bound, word]);
  }
  return table.toString();
}

function describeExtra({ name, median }: SummaryRow): string[] {
  const told = Object.entries(median?.extra ?? {}).filter(([, value]) => value !== 0);
  if (told.length === 0) return [];
  return [`${name}: ${told.map(([what, value]) => `${what} ${toShort(value)}`).join('; ')}`];
}

function toTimes(latency: Latency | null): string[] {
  return latency === null ? [NONE, NONE] : [latency.p50Ms, latency.p99Ms].map((ms) => ms.toFixed(1));
}

function toCpu(used: CpuUs): string[] {
  return [...CPU_GROUPS.map((group) => used[group] ?? null), sumPath(used)].map((us) =>
    us === null ? NONE : us.toFixed(us < 100 ? 1 : 0),
  );
}

function toPercent(share: number | null): string {
  return share === null ? NONE : `${(share * 100).toFixed(0)} %`;
}

function toCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Three digits are more than a noisy machine is good for. */
function toShort(value: number): string {
  return Math.abs(value) >= 100 ? toCount(value) : String(Number(value.toPrecision(3)));
}

function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    platform: process.platform,
    folder: tmpdir(),
  };
}
