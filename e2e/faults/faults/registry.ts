import type { Fault } from '../context.ts';
import { appFaults } from './apps.ts';
import { diskFaults } from './disk.ts';
import { loadFaults } from './load.ts';
import { mongoFaults } from './mongo.ts';
import { networkFaults } from './network.ts';
import { redisFaults } from './redis.ts';

/** Every fault there is. */
export const FAULTS: readonly Fault[] = [
  ...appFaults,
  ...redisFaults,
  ...mongoFaults,
  ...networkFaults,
  ...loadFaults,
  ...diskFaults,
];
