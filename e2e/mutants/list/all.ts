import type { Mutant } from '../mutant.ts';
import { accepting } from './accepting.ts';
import { deciding } from './deciding.ts';
import { holding } from './holding.ts';
import { reading } from './reading.ts';
import { settling } from './settling.ts';
import { simulating } from './simulating.ts';
import { storing } from './storing.ts';

/** Every mutant, in the order of the flow. */
export const mutants: readonly Mutant[] = [
  ...accepting,
  ...deciding,
  ...settling,
  ...simulating,
  ...storing,
  ...holding,
  ...reading,
];
