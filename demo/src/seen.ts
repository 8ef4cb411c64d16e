import type { NormalizedItem } from '@sluice/contracts/api';
import { VITAL_DATA_SOURCE } from '@sluice/contracts/event';
import { isJsonObject } from '@sluice/contracts/json';
import type { ApiClient } from './api-client.ts';
import type { Delivery } from './delivery.ts';
import type { Counts } from './expected.ts';
import { GITHUB_SOURCE } from './inputs/github.ts';
import type { Inputs } from './inputs/inputs.ts';
import { METRIC_SOURCES } from './inputs/metrics.ts';
import { ORDERS_SOURCE, toOrderPrefix } from './inputs/orders.ts';
import type { LedgerChange } from './ledger.ts';
import type { DemoRun } from './run.ts';
import type { Answer } from './send.ts';
import { countUpToDate } from './settle.ts';

/** Time from the arrival of an event to its record, in ms, over all records of the demo. */
export type Latency = { readonly p50Ms: number; readonly p99Ms: number };

/** What the service says came out. */
export type Seen = { readonly counts: Counts; readonly latency: Latency | null };

/** Asks the service what came out of a demo. */
export async function collectSeen({
  run,
  inputs,
  answers,
  change,
  api,
}: {
  readonly run: DemoRun;
  readonly inputs: Inputs;
  readonly answers: ReadonlyMap<Delivery, Answer>;
  readonly change: LedgerChange;
  readonly api: ApiClient;
}): Promise<Seen> {
  const delaysMs: number[] = [];
  const orders = new Set<string>();
  for (const source of [GITHUB_SOURCE, ...METRIC_SOURCES, VITAL_DATA_SOURCE, ORDERS_SOURCE]) {
    for await (const item of api.readNormalized(source)) {
      if (Date.parse(item.receivedAt) < run.startedAtMs) continue;
      delaysMs.push(Date.parse(item.storedAt) - Date.parse(item.receivedAt));
      const order = readOrderId(item);
      if (order?.startsWith(toOrderPrefix(run))) orders.add(order);
    }
  }
  const counts = {
    answered: {
      github: countRight(inputs.github, answers),
      metrics: countRight(inputs.metrics, answers),
      vitals: countRight(inputs.vitals, answers),
    },
    accepted: change.accepted,
    merged: countRepeats(answers.values()),
    rejected: countRejections(answers),
    normalized: change.normalized,
    duplicateRaw: change.duplicateRaw,
    duplicateNormalized: change.duplicateNormalized,
    dead: change.dead,
    polled: orders.size,
    devices: await countUpToDate(api, inputs.latest),
  };
  return { counts, latency: toLatency(delaysMs) };
}

/** Computes percentiles by nearest rank; null without values. */
export function toLatency(delaysMs: readonly number[]): Latency | null {
  const sorted = delaysMs.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return sorted.length === 0 ? null : { p50Ms: at(0.5), p99Ms: at(0.99) };
}

function readOrderId({ source, data }: NormalizedItem): string | undefined {
  if (source !== ORDERS_SOURCE || !isJsonObject(data)) return undefined;
  const { id } = data;
  return typeof id === 'string' ? id : undefined;
}

function countRight(deliveries: readonly Delivery[], answers: ReadonlyMap<Delivery, Answer>): number {
  return deliveries.filter((delivery) => {
    const { fate } = delivery;
    const answer = answers.get(delivery);
    if (fate.kind === 'rejected') return answer?.kind === 'rejected' && answer.code === fate.code;
    return answer?.kind === 'accepted';
  }).length;
}

/**
 * Counts the repeats that were recognised: the answers that say `duplicate`. Where a request had to be sent again,
 * ingest was away for a moment: what it had kept and not answered, and repeats that it could not look up, say the
 * wrong thing then, and the answers that name an event which another one names already are counted instead.
 */
export function countRepeats(answers: Iterable<Answer>): number {
  const accepted = [...answers].filter((answer) => answer.kind === 'accepted');
  if (accepted.every(({ tries }) => tries === 1)) return accepted.filter(({ duplicate }) => duplicate).length;
  return accepted.length - new Set(accepted.map(({ id }) => id)).size;
}

function countRejections(answers: ReadonlyMap<Delivery, Answer>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers.values()) {
    if (answer.kind === 'rejected') counts.set(answer.code, (counts.get(answer.code) ?? 0) + 1);
  }
  return counts;
}
