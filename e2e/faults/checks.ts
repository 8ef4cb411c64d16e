import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toReceiptId } from '@sluice/contracts/bulk';
import type { StoredInstance } from '@sluice/store/collections';
import { isInRanges } from '@sluice/store/seq-ranges';
import type { Db } from 'mongodb';
import { ANSWER_WITHIN_MS, type BookReading } from './book.ts';
import type { Check } from './check.ts';
import type { Secrets } from './cluster.ts';
import type { Drained } from './drain.ts';
import type { Losses } from './losses.ts';
import { type Print, showId } from './print.ts';
import { PAYLOAD_MARK } from './requests.ts';
import type { StatusWatch } from './status-watch.ts';
import type { StoredEvents } from './stored-events.ts';

const MAX_RSS_BYTES = 512 * 1024 ** 2;

/** Every event that was answered 202 is stored, with the bytes that were sent, or was in a batch that was flushed. */
export function checkKept(
  { accepted }: BookReading,
  stored: StoredEvents,
  lost: ReadonlySet<Print>,
): Check[] {
  const missing: string[] = [];
  const spoiled: string[] = [];
  for (const [id, bodies] of accepted) {
    const found = [...(stored.bodies.get(id) ?? []), ...(stored.conflicts.get(id) ?? [])];
    if (found.length === 0) {
      if (!lost.has(id)) missing.push(`${showId(id)} was accepted and is not stored`);
      continue;
    }
    for (const body of typeof bodies === 'number' ? [bodies] : bodies) {
      if (!found.includes(body) && !lost.has(id)) {
        spoiled.push(`${showId(id)} is stored without the bytes that were sent`);
      }
    }
  }
  return [
    { name: 'none lost: every 202 is stored', broken: missing },
    { name: 'bytes intact', broken: spoiled },
  ];
}

/** What is stored was sent, and not refused as the sender's mistake. */
export function checkInvented({ mayBeStored }: BookReading, stored: StoredEvents): Check {
  const broken: string[] = [];
  for (const [id, bodies] of stored.bodies) {
    if (!bodies.every(mayBeStored)) broken.push(`${showId(id)} was never sent, or was refused`);
  }
  return { name: 'none invented', broken };
}

/** Statuses moved along legal edges only, and the stream of changes ends with what is stored. */
export function checkStatuses(watch: StatusWatch, stored: StoredEvents): Check {
  const unseen = [...stored.statuses].filter(([id, status]) => watch.statusOf(id) !== status);
  return {
    name: 'statuses moved along legal edges',
    broken: [
      ...watch.illegal(),
      ...unseen.map(([id, status]) => `${showId(id)} is ${status}, last seen ${watch.statusOf(id)}`),
    ],
  };
}

/** The ledger balances, agrees with MongoDB, and names exactly what a flush took. */
export function checkLedger(
  { stats }: Drained,
  stored: StoredEvents,
  losses: Losses,
  receipts: ReadonlySet<string>,
): Check {
  const name = 'ledger balanced, nothing unaccounted';
  if (stats === undefined) return { name, broken: ['the api does not answer'] };
  const { ledger } = stats;
  const broken: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted) broken.push(`${what} is ${String(found)}, not ${String(wanted)}`);
  };
  const count = (status: string) => [...stored.statuses.values()].filter((one) => one === status).length;
  const lost = [...losses.batches.values()].filter((batch) => !receipts.has(toReceiptId(batch)));
  const lostCount = lost.reduce(
    (sum, batch) => sum + batch.events.length - (stored.ofLost.get(toReceiptId(batch)) ?? 0),
    0,
  );
  // What is unaccounted is accepted, and nowhere.
  expect('balanced', ledger.balanced, lostCount === 0);
  const settled = ledger.normalized + ledger.duplicate + ledger.dead + ledger.inFlight;
  expect('accepted', ledger.accepted, settled + ledger.unaccounted);
  expect('complete', ledger.complete, true);
  expect('unaccounted', ledger.unaccounted, lostCount);
  for (const status of ['normalized', 'duplicate', 'dead'] as const)
    expect(status, ledger[status], count(status));
  expect('in flight', ledger.inFlight, count('failed') + count('pending'));
  const named = new Set(ledger.unaccountedBatches.map(toReceiptId));
  if (lost.length <= named.size || named.size === 0) {
    for (const batch of lost)
      if (!named.has(toReceiptId(batch))) broken.push(`${toReceiptId(batch)} is not named`);
  }
  return { name: losses.batches.size === 0 ? name : 'ledger balanced, names what was flushed', broken };
}

/** Nothing waits or runs any more. */
export function checkDrained({ isDone, left, tookMs }: Drained): Check {
  const broken = isDone ? [] : [`after ${Math.round(tookMs / 1000)} s there is still: ${left}`];
  return { name: 'drained: no job active, waiting or delayed', broken };
}

/** Every answer came within 3 s, but for those of a process that was frozen or ended meanwhile, and each was right. */
export function checkAnswers({ late, complaints }: BookReading): Check[] {
  const broken = late.map(({ at, ingest, ms, what }) => `${at} ${ingest}: ${what} after ${ms} ms`);
  return [
    { name: `every answer within ${ANSWER_WITHIN_MS / 1000} s`, broken },
    { name: 'good events accepted, mistakes refused', broken: complaints },
  ];
}

/** No app grew beyond 512 MiB. */
export function checkMemory(most: ReadonlyMap<string, number>): Check {
  const broken = [...most]
    .filter(([, bytes]) => bytes > MAX_RSS_BYTES)
    .map(([label, bytes]) => `${label} used ${Math.round(bytes / 1024 ** 2)} MiB`);
  return { name: 'memory of every app below 512 MiB', broken };
}

/** No secret and no payload stands in the log of an app, and no app ended by an error of its own. */
export async function checkLogs(logDir: string, secrets: Secrets): Promise<Check[]> {
  const leaks: string[] = [];
  const failures: string[] = [];
  const needles = Object.entries({ ...secrets, payload: PAYLOAD_MARK });
  for (const file of await readdir(logDir)) {
    const log = await readFile(join(logDir, file));
    for (const [name, text] of needles) if (log.includes(text)) leaks.push(`${file} shows the ${name}`);
    if (log.includes('"msg":"process.failed"')) failures.push(`${file} tells of process.failed`);
  }
  return [
    { name: 'no secret and no payload in a log', broken: leaks },
    { name: 'no app failed by itself', broken: failures },
  ];
}

/** Returns the ids of the receipts that flushed batches have in the end, those folded into sums too. */
export async function readReceipts(db: Db, { batches }: Losses): Promise<ReadonlySet<string>> {
  const [found, instances] = await Promise.all([
    db
      .collection<{ _id: string }>('receipts')
      .find({ _id: { $in: [...batches.keys()] } }, { projection: { _id: 1 } })
      .toArray(),
    db
      .collection<StoredInstance>('instances')
      .find({ folded: { $exists: true } })
      .toArray(),
  ]);
  const foldedOf = new Map(instances.map(({ _id, folded }) => [_id, folded]));
  const folded = [...batches.values()].filter(({ instance, seq }) => {
    const { to = 0, gaps = [] } = foldedOf.get(instance) ?? {};
    return seq <= to && !isInRanges(gaps, seq);
  });
  return new Set([...found.map(({ _id }) => _id), ...folded.map(toReceiptId)]);
}
