/*
 * `npm run bench`: what Sluice takes and stores beside a server that does nothing, in one sitting on this machine.
 *
 *  1. no-op: Fastify answers 202.   2. accept: no worker runs, the queue fills.
 *  3. drain: one worker empties it.  4. end to end: everything at once, for as long; then the rest is awaited.
 *
 * Only ratios within one run mean something. A run whose counts are not those of MongoDB prints no figure.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { type Collection, MongoClient } from 'mongodb';
import { startCpuClock } from './cpu.ts';
import { type LoadResult, sendLoad, toPercentile } from './load.ts';
import { type BenchStack, startBenchStack, startNoop } from './stack.ts';

/** How long the queue may take to empty, in ms. */
const PATIENCE_MS = 300_000;

type Row = { readonly name: string; readonly perSecond: number; readonly detail: string };

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, appendfsync: { type: 'string', default: 'always' } },
});
const seconds = Number(values.seconds);
if (!(seconds >= 1 && seconds <= 600) || !['always', 'everysec'].includes(values.appendfsync)) {
  process.stderr.write('usage: npm run bench -- [--seconds 1..600] [--appendfsync always|everysec]\n');
  process.exit(2);
}

const noop = await measureNoop();
const bench = await startBenchStack(values.appendfsync === 'always' ? 'always' : 'everysec');
let rows: Row[];
try {
  rows = [noop, ...(await measureSluice(bench))];
} finally {
  await bench.stop();
}
const table = new Table({ head: ['case', 'events/s', '/ no-op', 'detail'], style: { head: [], border: [] } });
for (const { name, perSecond, detail } of rows) {
  table.push([
    name,
    Math.round(perSecond).toLocaleString('en'),
    (perSecond / noop.perSecond).toFixed(2),
    detail,
  ]);
}
process.stdout.write(`appendfsync ${values.appendfsync}, ${seconds} s each\n${table.toString()}\n`);
process.exit();

async function measureNoop(): Promise<Row> {
  const { url, child } = await startNoop();
  await sendLoad(url, 1, toBody('warm'));
  const load = await sendLoad(url, seconds, toBody('noop'));
  child.kill();
  return { name: 'no-op', perSecond: load.accepted / load.seconds, detail: describeLatency(load) };
}

async function measureSluice({ stack, readStats }: BenchStack): Promise<Row[]> {
  const client = await MongoClient.connect(stack.mongodbUri);
  const records = client.db().collection('normalized_events');
  const groups = {
    http: [stack.app('ingest').pid() ?? 0],
    redis: stack.redis?.pids() ?? [],
    mongod: stack.mongo?.pids() ?? [],
  };
  try {
    const accept = await sendLoad(stack.ingestUrl, seconds, toBody('accept'));
    const drainedFrom = performance.now();
    const worker = await stack.addWorker();
    await untilStored(records, accept.accepted);
    const drainSeconds = (performance.now() - drainedFrom) / 1000;
    await assertCounts(records, readStats, accept.accepted);

    const clock = startCpuClock({ ...groups, worker: [worker.pid() ?? 0] });
    const beganAt = performance.now();
    const load = await sendLoad(stack.ingestUrl, seconds, toBody('e2e'));
    await untilStored(records, accept.accepted + load.accepted);
    const endSeconds = (performance.now() - beganAt) / 1000;
    const cpu = Object.entries(clock.read()).map(([name, us]) => `${name} ${Math.round(us / load.accepted)}`);
    await assertCounts(records, readStats, accept.accepted + load.accepted);
    return [
      { name: 'accept', perSecond: accept.accepted / accept.seconds, detail: describeLatency(accept) },
      { name: 'drain', perSecond: accept.accepted / drainSeconds, detail: 'one worker, its start included' },
      {
        name: 'end to end',
        perSecond: load.accepted / endSeconds,
        detail: `µs per event: ${cpu.join(', ')}`,
      },
    ];
  } finally {
    await client.close();
  }
}

/** Waits until there are that many records, asking only for the collection's own count, which costs nothing. */
async function untilStored(records: Collection, expected: number): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while ((await records.estimatedDocumentCount()) < expected && performance.now() < until) await pause(20);
}

/** Ends the program unless exactly the accepted events are stored and the ledger says the same. */
async function assertCounts(
  records: Collection,
  readStats: BenchStack['readStats'],
  accepted: number,
): Promise<void> {
  const stored = await records.countDocuments();
  // The processes tell the ledger where they stand once a second.
  await pause(2000);
  const { ledger } = await readStats();
  if (stored === accepted && ledger.accepted === accepted && ledger.balanced && ledger.unaccounted === 0)
    return;
  process.stderr.write(
    `No figures: ${accepted} events were accepted, MongoDB has ${stored} records, the ledger says ${JSON.stringify(ledger)}.\n`,
  );
  process.exit(1);
}

function toBody(run: string): (n: number) => string {
  const client = `${run}-${process.pid}`;
  return (n) =>
    `{"source":"${client}","payload":{"metric":"sales","amount":${n}.5,"timestamp":"2026-01-01T00:00:00Z","region":"eu-west","order":"${run}-${n}","note":"a metric event of some two hundred and fifty bytes, as small systems send them all day"}}`;
}

function describeLatency({ latenciesMs, refused }: LoadResult): string {
  const [p50, p99] = [50, 99].map((percent) => toPercentile(latenciesMs, percent).toFixed(1));
  return `p50 ${p50} ms, p99 ${p99} ms${refused === 0 ? '' : `, ${refused} refused`}`;
}
