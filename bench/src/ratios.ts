import { type Figures, ROWS, type RowId } from './case.ts';
import { FULL_SYNC_EXTRA } from './cases/full-sync.ts';
import { SOAK_EXTRA } from './cases/soak.ts';
import { VITAL_EXTRA } from './cases/vital-data.ts';
import { sumPath } from './cpu.ts';
import { toMedian } from './median.ts';
import type { Round } from './rounds.ts';

/** A figure that says something on any machine, and what is asked of it. */
export type Ratio = {
  readonly name: string;
  readonly asked: { readonly least: number } | { readonly most: number };
  /** The rows that it needs. */
  readonly rows: readonly RowId[];
  /** Its value in one round; null or undefined when it could not be measured. */
  readonly of: (round: Round) => number | null | undefined;
};

/** A ratio's median over the rounds, and whether it is what is asked; null when it was not measured. */
export type Verdict = {
  readonly name: string;
  readonly asked: Ratio['asked'];
  readonly rows: readonly RowId[];
  readonly value: number | null;
  readonly values: readonly number[];
  readonly isOk: boolean | null;
};

const RATIOS: readonly Ratio[] = [
  toNoop('acceptEverysec', 0.7),
  toNoop('acceptAlways', 0.55),
  toNoop('endEverysec', 0.33),
  toNoop('endAlways', 0.25),
  {
    name: 'CPU per stored event (everysec) / CPU per no-op request',
    asked: { most: 6.5 },
    rows: ['endEverysec'],
    of: ({ figures, noopBeside }) => divide(toSum(figures.endEverysec), toSum(noopBeside.endEverysec)),
  },
  {
    name: 'Redis CPU per stored event (everysec), µs',
    asked: { most: 10 },
    rows: ['endEverysec'],
    of: ({ figures }) => figures.endEverysec?.cpuUs.redis,
  },
  {
    name: `${ROWS.normalizeAndHash} / ${ROWS.parseAndHash}, time`,
    asked: { most: 5 },
    rows: ['normalizeAndHash', 'parseAndHash'],
    of: ({ figures }) => divide(figures.parseAndHash?.perSecond, figures.normalizeAndHash?.perSecond),
  },
  between('drain', 'bulk', 0.45),
  between('endEverysec', 'bullmq', 25),
  between('endEverysec', 'express', 20),
  between('drainOrdersTwo', 'drainOrders', 1.3),
  extra('vitalData', VITAL_EXTRA.acceptedShare, { least: 1 }),
  extra('vitalData', VITAL_EXTRA.rateShare, { least: 0.99 }),
  extra('vitalData', VITAL_EXTRA.queueGrowthMs, { most: 250 }),
  storedP99('vitalData', 250),
  {
    name: 'accept p99 at 200/s (everysec) / p99 of a no-op at 200/s',
    asked: { most: 2 },
    rows: ['steadyEverysec', 'noopSteady'],
    of: ({ figures }) => divide(figures.steadyEverysec?.answered?.p99Ms, figures.noopSteady?.answered?.p99Ms),
  },
  storedP99('steadyEverysec', 50),
  storedP99('steadyAlways', 50),
  ...toBackupRatios('syncOn', 'syncOff'),
  ...toBackupRatios('syncSteadyOn', 'syncSteadyOff'),
  ...toBackupRatios('syncApartOn', 'syncApartOff'),
  ...toBackupRatios('syncApartSteadyOn', 'syncApartSteadyOff'),
  between('catchUp', 'bareCopy', 0.6),
  extra('fullSyncCopy', FULL_SYNC_EXTRA.peakMiB, { most: 200 }),
  extra('fullSyncEqual', FULL_SYNC_EXTRA.peakMiB, { most: 200 }),
  between('growthFull', 'growthEmpty', 0.7),
  extra('soak', SOAK_EXTRA.largestMiB, { most: 200 }),
  extra('soak', SOAK_EXTRA.growth, { most: 1.1 }),
];

/** Judges every ratio whose rows are all in `rows`. */
export function judge(rounds: readonly Round[], rows: ReadonlySet<RowId>): Verdict[] {
  return RATIOS.filter((ratio) => ratio.rows.every((row) => rows.has(row))).map(
    ({ name, asked, rows: needed, of }) => {
      const values = rounds.map(of).filter((value) => typeof value === 'number');
      const value = values.length === 0 ? null : toMedian(values);
      return { name, asked, rows: needed, value, values, isOk: value === null ? null : isOk(value, asked) };
    },
  );
}

function isOk(value: number, asked: Ratio['asked']): boolean {
  return 'least' in asked ? value >= asked.least : value <= asked.most;
}

function toNoop(row: RowId, least: number): Ratio {
  return {
    name: `${ROWS[row]} / no-op`,
    asked: { least },
    rows: [row],
    of: ({ figures, noopBeside }) => divide(figures[row]?.perSecond, noopBeside[row]?.perSecond),
  };
}

function between(above: RowId, below: RowId, least: number): Ratio {
  return {
    name: `${ROWS[above]} / ${ROWS[below]}`,
    asked: { least },
    rows: [above, below],
    of: ({ figures }) => divide(figures[above]?.perSecond, figures[below]?.perSecond),
  };
}

/** What is asked of a pair that was measured with a backup and without. */
function toBackupRatios(on: RowId, off: RowId): readonly Ratio[] {
  const most = { asked: { most: 1.1 }, rows: [on, off] };
  return [
    { ...between(on, off, 0.9), name: `${ROWS[on]} / without: accepted per second` },
    {
      ...most,
      name: `${ROWS[on]} / without: answer p99`,
      of: ({ figures }) => divide(figures[on]?.answered?.p99Ms, figures[off]?.answered?.p99Ms),
    },
    {
      ...most,
      name: `${ROWS[on]} / without: CPU of the path`,
      of: ({ figures }) => divide(toSum(figures[on]), toSum(figures[off])),
    },
  ];
}

function storedP99(row: RowId, most: number): Ratio {
  return {
    name: `${ROWS[row]}: stored p99, ms`,
    asked: { most },
    rows: [row],
    of: ({ figures }) => figures[row]?.stored?.p99Ms,
  };
}

function extra(row: RowId, name: string, asked: Ratio['asked']): Ratio {
  return {
    name: `${ROWS[row]}: ${name}`,
    asked,
    rows: [row],
    of: ({ figures }) => figures[row]?.extra[name],
  };
}

function toSum(figures: Figures | undefined): number | null {
  return figures === undefined ? null : sumPath(figures.cpuUs);
}

function divide(above: number | null | undefined, below: number | null | undefined): number | null {
  return typeof above === 'number' && typeof below === 'number' && below > 0 ? above / below : null;
}
