/** A metric as a client means it, whatever way it is written. */
export type Metric = {
  readonly metric: string;
  readonly cents: number;
  readonly atMs: number;
};

/** Writes a metric in one client's own fields and formats. */
export type Spelling = (metric: Metric) => Readonly<Record<string, string | number>>;

/**
 * The ways in which client_A writes: it knows days, not hours, and its fields were named by three departments.
 * Every way means the same record.
 */
export const CLIENT_A: readonly [Spelling, ...Spelling[]] = [
  ({ metric, cents, atMs }) => ({ value: metric, price: toPlain(cents), date: toDay(atMs, 'Y/M/D') }),
  ({ metric, cents, atMs }) => ({
    metric,
    amount: cents / 100,
    timestamp: `${toDay(atMs, 'Y-M-D')}T00:00:00Z`,
  }),
  ({ metric, cents, atMs }) => ({
    event: metric,
    cost: toGrouped(cents, ',', '.'),
    date: toDay(atMs, 'Y-M-D'),
  }),
  ({ metric, cents, atMs }) => ({
    Measure: metric,
    total: `€ ${toGrouped(cents, '.', ',')}`,
    date: toDay(atMs, 'D.M.Y'),
  }),
];

/** The ways in which client_B writes: to the second, in several clocks. Every way means the same record. */
export const CLIENT_B: readonly [Spelling, ...Spelling[]] = [
  ({ metric, cents, atMs }) => ({ metric, amount: cents / 100, timestamp: new Date(atMs).toISOString() }),
  ({ metric, cents, atMs }) => ({ metric_name: metric, quantity: toPlain(cents), ts: atMs / 1000 }),
  ({ metric, cents, atMs }) => ({ metric, amount: toPlain(cents), created_at: toOffset(atMs, 2) }),
  ({ metric, cents, atMs }) => ({
    kind: metric,
    sum: `${toGrouped(cents, ' ', ',')} EUR`,
    time: new Date(atMs).toUTCString(),
  }),
];

function toPlain(cents: number): string {
  return cents % 100 === 0 ? String(cents / 100) : (cents / 100).toFixed(2);
}

function toGrouped(cents: number, separator: string, decimal: string): string {
  const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, separator);
  return `${whole}${decimal}${String(cents % 100).padStart(2, '0')}`;
}

function toDay(atMs: number, format: 'Y/M/D' | 'Y-M-D' | 'D.M.Y'): string {
  const [year = '', month = '', day = ''] = new Date(atMs).toISOString().slice(0, 10).split('-');
  return format.replace('Y', year).replace('M', month).replace('D', day);
}

function toOffset(atMs: number, hours: number): string {
  const local = new Date(atMs + hours * 3_600_000).toISOString().slice(0, 19);
  return `${local}+${String(hours).padStart(2, '0')}:00`;
}
