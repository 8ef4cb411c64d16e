import { createApiClient } from './api-client.ts';
import type { Delivery } from './delivery.ts';
import type { Display } from './display.ts';
import { toExpected } from './expected.ts';
import { type Inputs, mixDeliveries } from './inputs/inputs.ts';
import type { LegacyServer } from './legacy-server.ts';
import { formatCount, listFaults, toRows } from './rows.ts';
import type { DemoRun } from './run.ts';
import { collectSeen } from './seen.ts';
import { type Answer, sendAll } from './send.ts';
import { explainUnsettled, waitForRest, waitUntilSettled } from './settle.ts';
import { renderTable } from './table.ts';

/** What a demo needs. */
export type DemoOptions = {
  readonly run: DemoRun;
  readonly inputs: Inputs;
  readonly legacy: Pick<LegacyServer, 'open' | 'archive'>;
  readonly ingestUrl: string;
  readonly apiUrl: string;
  readonly display: Display;
  readonly signal: AbortSignal;
};

/**
 * Sends the inputs to a running Sluice, waits until they are settled, and shows the table. Returns a sentence for
 * each thing that is not as it has to be.
 */
export async function runDemo(options: DemoOptions): Promise<string[]> {
  const { run, inputs, legacy, display } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const api = createApiClient(options.apiUrl, signal);
  const before = await waitForRest(api, {
    onWaiting: (count) => display.say(`Waiting for ${formatCount(count)} events of an earlier run.`),
    signal,
  });

  const expected = toExpected(inputs);
  const deliveries = mixDeliveries(inputs, run);
  const progress = display.showProgress({ sent: deliveries.length, settled: expected.accepted });
  legacy.open();
  const { ingestUrl } = options;
  const sending = sendAll(deliveries, {
    ingestUrl,
    onAnswered: (count) => progress.update('sent', count),
    signal,
  });
  const settling = waitUntilSettled({
    api,
    before,
    accepted: expected.accepted,
    latest: inputs.latest,
    onProgress: ({ normalized, duplicate, dead }) =>
      progress.update('settled', normalized + duplicate + dead),
    onQuiet: ({ normalized, duplicate, dead }) => {
      const missing = formatCount(expected.accepted - normalized - duplicate - dead);
      display.say(`Waiting for ${missing} events; what a dead worker held comes back within a minute.`);
    },
    signal,
  });
  const [answers, settled] = await Promise.all([sending, settling])
    .catch((error: unknown) => {
      // Where one of the two fails, the other has nothing left to do.
      ending.abort();
      throw error;
    })
    .finally(() => progress.stop());

  // Every poll reads the time of its lookback again: these orders would be read for as long as the demo stays up.
  legacy.archive();
  const seen = await collectSeen({
    run,
    inputs,
    answers: toMap(deliveries, answers),
    change: settled.change,
    api,
  });
  const rows = toRows(expected, seen);
  display.write(`\n${renderTable(rows, settled.change, display.paint)}\n`);
  const faults = listFaults(rows, settled.change);
  return settled.inTime ? faults : [explainUnsettled(settled, expected.accepted), ...faults];
}

function toMap(deliveries: readonly Delivery[], answers: readonly Answer[]): Map<Delivery, Answer> {
  const byDelivery = new Map<Delivery, Answer>();
  for (const [index, delivery] of deliveries.entries()) {
    const answer = answers[index];
    if (answer !== undefined) byDelivery.set(delivery, answer);
  }
  return byDelivery;
}
