import { setTimeout as delay } from 'node:timers/promises';
import type { Stats } from '@sluice/contracts/api';
import { type ApiClient, ApiError } from './api-client.ts';
import type { LatestReading } from './inputs/vitals.ts';
import { isBalanced, type LedgerChange, toLedgerChange } from './ledger.ts';

/** How long a demo may take to settle: two of the queue's stall checks (30 s each) and the retries after them. */
const SETTLE_DEADLINE_MS = 120_000;

/** How long a demo waits for what an earlier one left in the queue. */
const REST_DEADLINE_MS = 90_000;

const PAUSE_MS = 250;

/** How long nothing has to move before the person at the terminal is told what it waits for. */
const QUIET_MS = 10_000;

/** Where the events stood when waiting ended, in time or not. */
export type Settled = { readonly inTime: boolean; readonly stats: Stats; readonly change: LedgerChange };

/**
 * Waits until nothing is in flight, so that what is counted from here on is this demo's own. Events that stay (parked
 * for a worker that does not run, say) are left alone after 90 s: the demo counts changes.
 */
export async function waitForRest(
  api: ApiClient,
  { onWaiting, signal }: { readonly onWaiting: (inFlight: number) => void; readonly signal: AbortSignal },
): Promise<Stats> {
  const deadlineMs = Date.now() + REST_DEADLINE_MS;
  let told = false;
  for (;;) {
    const stats = await readPatiently(api, deadlineMs);
    if (stats !== undefined) {
      const { inFlight, balanced } = stats.ledger;
      if ((inFlight === 0 && balanced) || Date.now() > deadlineMs) return stats;
      if (!told) onWaiting(inFlight);
      told = true;
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}

/** Waits until everything that had to be accepted is, nothing is in flight, and every device shows its last reading. */
export async function waitUntilSettled(options: {
  readonly api: ApiClient;
  readonly before: Stats;
  readonly accepted: number;
  readonly latest: readonly LatestReading[];
  readonly onProgress: (change: LedgerChange) => void;
  /** Told once when nothing has moved for 10 s. */
  readonly onQuiet: (change: LedgerChange) => void;
  readonly signal: AbortSignal;
}): Promise<Settled> {
  const { api, before, accepted, latest, onProgress, onQuiet, signal } = options;
  const deadlineMs = Date.now() + SETTLE_DEADLINE_MS;
  let moved = { atMs: Date.now(), inFlight: 0, accepted: 0 };
  let told = false;
  for (;;) {
    const stats = await readPatiently(api, deadlineMs);
    if (stats !== undefined) {
      const change = toLedgerChange(before, stats);
      onProgress(change);
      if (change.inFlight !== moved.inFlight || change.accepted !== moved.accepted) {
        moved = { atMs: Date.now(), inFlight: change.inFlight, accepted: change.accepted };
      } else if (!told && Date.now() - moved.atMs > QUIET_MS) {
        onQuiet(change);
        told = true;
      }
      const isThrough = change.accepted >= accepted && change.inFlight === 0 && isBalanced(change);
      const isShown = isThrough && (await countUpToDate(api, latest)) === latest.length;
      if (isShown || Date.now() > deadlineMs) return { inTime: isShown, stats, change };
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}

/** Counts the devices whose latest state is the last reading that they sent. */
export async function countUpToDate(api: ApiClient, latest: readonly LatestReading[]): Promise<number> {
  const wanted = new Map(latest.map((reading) => [reading.deviceId, reading]));
  let count = 0;
  for await (const { deviceId, timestamp, heartRate, breathRate } of api.readLatest()) {
    const reading = wanted.get(deviceId);
    if (reading === undefined) continue;
    const { timestamp: last, heartRate: heart, breathRate: breath } = reading;
    if (timestamp === last && heartRate === heart && breathRate === breath) count += 1;
  }
  return count;
}

/** Says in a few words what has not settled. */
export function explainUnsettled({ stats, change }: Settled, accepted: number): string {
  const { waiting, active, delayed, parked } = stats.queue;
  const missing = accepted - change.accepted;
  const parts = [
    missing > 0 ? `${missing} events were never accepted` : '',
    change.inFlight > 0
      ? `${change.inFlight} are in flight (jobs: ${waiting} waiting, ${active} active, ${delayed} delayed, ${parked} parked)`
      : '',
    change.unaccounted > 0 ? `${change.unaccounted} are unaccounted for` : '',
  ].filter((part) => part !== '');
  const what = parts.length === 0 ? 'the latest readings of some devices are missing' : parts.join(', ');
  return `Not settled after ${SETTLE_DEADLINE_MS / 1000} s: ${what}.`;
}

/** The api may be away for a moment (it was killed, or MongoDB elects): that is no reason to give up. */
async function readPatiently(api: ApiClient, deadlineMs: number): Promise<Stats | undefined> {
  try {
    return await api.readStats();
  } catch (error) {
    const isPassing = error instanceof ApiError || error instanceof TypeError;
    if (!isPassing || Date.now() > deadlineMs) throw error;
    return undefined;
  }
}
