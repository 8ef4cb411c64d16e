import { createRandom } from '@sluice/local/random';
import type { Delivery } from '../delivery.ts';
import type { DemoRun } from '../run.ts';
import { createGithubDeliveries } from './github.ts';
import { createMetricDeliveries } from './metrics.ts';
import { createOrders, type LegacyOrder } from './orders.ts';
import { createVitals, type LatestReading } from './vitals.ts';

/** Everything that goes into a demo. */
export type Inputs = {
  readonly github: readonly Delivery[];
  readonly metrics: readonly Delivery[];
  readonly vitals: readonly Delivery[];
  readonly orders: readonly LegacyOrder[];
  readonly latest: readonly LatestReading[];
};

/** Makes the inputs of a run; its webhooks are signed with `secret`. */
export async function createInputs(run: DemoRun, secret: string): Promise<Inputs> {
  const vitals = createVitals(run);
  return {
    github: await createGithubDeliveries(run, secret),
    metrics: createMetricDeliveries(run),
    vitals: vitals.deliveries,
    orders: createOrders(run),
    latest: vitals.latest,
  };
}

/** Returns everything that is to be sent, the inputs mixed as they would come. */
export function mixDeliveries({ github, metrics, vitals }: Inputs, { seed }: DemoRun): Delivery[] {
  return createRandom(seed, 'mix').shuffle([...github, ...metrics, ...vitals]);
}
