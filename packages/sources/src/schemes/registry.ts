import type { PushSource } from '@sluice/contracts/source';
import { github } from './github.ts';
import { none } from './none.ts';
import type { Scheme } from './scheme.ts';

/** Every scheme by the name that a source declares; a new one is a file here and a line below. */
export const SCHEMES = { none, github } as const satisfies Record<PushSource['scheme'], Scheme>;
