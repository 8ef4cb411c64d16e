import { createRandom } from '@sluice/local/random';
import { type Delivery, toJsonDelivery } from '../delivery.ts';
import type { DemoRun } from '../run.ts';

const DEVICES = 25;
const READINGS_PER_DEVICE = 20;
const SECONDS_BETWEEN = 5;

/** The newest reading of a device, as `GET /vital-data` has to show it. */
export type LatestReading = {
  readonly deviceId: string;
  readonly timestamp: number;
  readonly heartRate: number;
  readonly breathRate: number;
};

/** The readings of some devices, in no order, and what has to be left of them in the end. */
export type VitalsInput = {
  readonly deliveries: readonly Delivery[];
  readonly latest: readonly LatestReading[];
};

/** Makes 500 readings of 25 devices over the last two minutes; some carry a field that is no vital sign we know. */
export function createVitals({ seed, nonce, startedAtMs }: DemoRun): VitalsInput {
  const random = createRandom(seed, 'vitals');
  const now = Math.floor(startedAtMs / 1000);
  const deliveries: Delivery[] = [];
  const latest: LatestReading[] = [];
  for (let device = 1; device <= DEVICES; device += 1) {
    const deviceId = `monitor-${nonce}-${String(device).padStart(2, '0')}`;
    let heartRate = random.whole(58, 92);
    let breathRate = random.whole(11, 19);
    for (let age = READINGS_PER_DEVICE - 1; age >= 0; age -= 1) {
      heartRate += random.whole(-2, 2);
      breathRate += random.whole(-1, 1);
      const timestamp = now - age * SECONDS_BETWEEN;
      const more = age % 4 === 0 ? { skinTemperature: 33 + random.whole(0, 30) / 10, battery: 'ok' } : {};
      const reading = { device: deviceId, timestamp, heartRateValue: heartRate, breathRateValue: breathRate };
      deliveries.push(toJsonDelivery('/vital-data', { ...reading, ...more }, { kind: 'normalized' }));
      if (age === 0) latest.push({ deviceId, timestamp, heartRate, breathRate });
    }
  }
  return { deliveries: random.shuffle(deliveries), latest };
}
