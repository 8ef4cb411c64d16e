import type { CpuFigures } from './cpu.ts';
import type { Latency } from './load/latencies.ts';

/** The rows of the table, in its order. */
export const ROWS = {
  noop: 'Fastify no-op',
  acceptEverysec: 'accept only, everysec',
  acceptAlways: 'accept only, always',
  drain: 'drain, 1 worker',
  drainOrders: 'drain of 10 KB, 1 worker',
  drainOrdersTwo: 'drain of 10 KB, 2 workers',
  endEverysec: 'end to end, everysec',
  endAlways: 'end to end, always',
  noopSteady: 'no-op at 200/s',
  steadyEverysec: 'end to end at 200/s, everysec',
  steadyAlways: 'end to end at 200/s, always',
  vitalData: '/vital-data at 5,000/s, always',
  parseAndHash: 'JSON.parse + SHA-256',
  normalizeAndHash: 'normalize + hash',
  bulk: 'bare MongoDB, bulks of 200',
  express: 'Express, a transaction each',
  bullmq: 'BullMQ tutorial',
  syncOff: 'one machine, without a backup',
  syncOn: 'one machine, with a backup',
  syncSteadyOff: 'one machine at 200/s, without a backup',
  syncSteadyOn: 'one machine at 200/s, with a backup',
  syncApartOff: 'backup elsewhere, without copying',
  syncApartOn: 'backup elsewhere, with copying',
  syncApartSteadyOff: 'backup elsewhere at 200/s, without copying',
  syncApartSteadyOn: 'backup elsewhere at 200/s, with copying',
  bareCopy: 'bare MongoDB, bulkWrite of 1,000',
  catchUp: 'catch-up of a backup',
  fullSyncCopy: 'full sync, all to be copied',
  fullSyncEqual: 'full sync, all equal',
  growthEmpty: 'drain, nothing stored before',
  growthFull: 'drain, much stored before',
  soak: 'soak at half load, always',
} as const;
export type RowId = keyof typeof ROWS;

/** What one run of a case found. */
export type Figures = CpuFigures & {
  /** Events, counted in MongoDB where they are stored; requests where nothing is. */
  readonly perSecond: number;
  /** From sending a request to its answer. */
  readonly answered: Latency | null;
  /** From receiving an event to its record being stored, read from the worker's histogram. */
  readonly stored: Latency | null;
  /** What else a case found, by name with its unit. */
  readonly extra: Readonly<Record<string, number>>;
};

/** The figures of one run of a case; most bring one row. */
export type Measured = Partial<Record<RowId, Figures>>;

/** What starting servers takes. */
export type StartContext = Pick<CaseContext, 'resources' | 'env' | 'say' | 'signal'>;

/** What a case is run with. */
export type CaseContext = {
  /** Ended when the case is over: whatever a case starts it puts here. */
  readonly resources: AsyncDisposableStack;
  /** The number of the round, from 1: what is measured in pairs takes turns in going first. */
  readonly run: number;
  /** How long a load is measured; about as long again passes in warming up and waiting. */
  readonly seconds: number;
  /** Whether long cases shall be short, too. */
  readonly isQuick: boolean;
  /** How many documents a full sync is measured with. */
  readonly documents: number;
  /** For the programs that are started; settings of Sluice in it count, but not its addresses. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gives up starting servers. */
  readonly signal: AbortSignal;
  /** Tells the person at the terminal a sentence. */
  readonly say: (sentence: string) => void;
  /** Prints a sentence below the tables: why something was not measured here. */
  readonly note: (sentence: string) => void;
};

/** Something that is measured. */
export type Case = {
  /** The rows that it brings. */
  readonly rows: readonly RowId[];
  /** Whether the no-op server is measured right before it in every round: the machine is not the same all day. */
  readonly besideNoop: boolean;
  /** Cases that take many minutes run only when they are asked for. */
  readonly isLong: boolean;
  /** @throws CountsOffError when MongoDB does not hold what was accepted */
  readonly run: (context: CaseContext) => Promise<Measured>;
};

/** Thrown when what was accepted and what is stored differ: such a run has no figures. */
export class CountsOffError extends Error {
  override readonly name = 'CountsOffError';
}
