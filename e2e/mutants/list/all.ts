import type { Mutant } from '../mutant.ts';
import { accepting } from './accepting.ts';
import { alerting } from './alerting.ts';
import { copying } from './copying.ts';
import { deciding } from './deciding.ts';
import { guarding } from './guarding.ts';
import { holding } from './holding.ts';
import { reading } from './reading.ts';
import { replaying } from './replaying.ts';
import { settling } from './settling.ts';
import { simulating } from './simulating.ts';
import { storing } from './storing.ts';

/** Every mutant, in the order of the flow. */
export const mutants: readonly Mutant[] = [
  ...guarding,
  ...accepting,
  ...deciding,
  ...settling,
  ...simulating,
  ...storing,
  ...holding,
  ...replaying,
  ...reading,
  ...alerting,
  ...copying,
];
