import type { PollSource } from '@sluice/contracts/source';
import type { Random } from '@sluice/local/random';

/** A record of the legacy system; it is not seen before `visibleMs`. */
export type Row = {
  readonly id: string;
  readonly updatedMs: number;
  readonly seq: number;
  readonly visibleMs: number;
  /** Has no id that could be read: nobody can take it. */
  readonly isBad: boolean;
};

/** The records of one source: what is there now, and every version that ever was. */
export type LegacyTable = {
  readonly rows: Map<string, Row>;
  readonly ever: Set<string>;
  /** Changes something, as its kind allows without breaking what the source promises. */
  change(nowMs: number): void;
};

/** How a record's version is named in the checks. */
export function toVersionKey(row: Pick<Row, 'id' | 'updatedMs'>): string {
  return `${row.id}@${row.updatedMs}`;
}

const DAY_MS = 86_400_000;
/** Late records come up to this long after their own time: less than the lookback of the sources. */
const LATE_MS = 3000;
/** Late ids come before so many higher ones: fewer than the lookback of the sources. */
const LATE_IDS = 8;

/** Creates an empty table for a source. */
export function createLegacyTable(source: PollSource, random: Random): LegacyTable {
  const rows = new Map<string, Row>();
  const ever = new Set<string>();
  const { kind } = source.cursor;
  // Beyond what a double holds exactly.
  let lastId = kind === 'id' ? 9_007_199_254_740_990n : 0n;
  let seq = 0;
  const reserved: bigint[] = [];
  let future = 0;

  function put(id: string, updatedMs: number, visibleMs: number): void {
    seq += 1;
    const row = { id, updatedMs, visibleMs, seq, isBad: random.fraction() < 0.02 };
    rows.set(id, row);
    ever.add(toVersionKey(row));
  }

  function insert(nowMs: number): void {
    lastId += BigInt(random.whole(1, 3));
    put(String(lastId), nowMs, nowMs);
  }

  function pickId(): string | undefined {
    const ids = [...rows.keys()];
    return ids.length === 0 ? undefined : ids[random.whole(0, ids.length - 1)];
  }

  function remove(): void {
    const id = pickId();
    if (id !== undefined && rows.size > 30) rows.delete(id);
  }

  function changeTimed(nowMs: number): void {
    const what = random.fraction();
    const id = pickId();
    if (what < 0.35 && id !== undefined) put(id, nowMs, nowMs);
    else if (what < 0.5) {
      lastId += 1n;
      put(String(lastId), nowMs - random.whole(0, LATE_MS), nowMs);
    } else if (what < 0.6) remove();
    else if (what < 0.62 && future < 2) {
      future += 1;
      lastId += 1n;
      put(String(lastId), nowMs + DAY_MS, nowMs);
    } else insert(nowMs);
  }

  function changeById(nowMs: number): void {
    const what = random.fraction();
    const oldest = reserved[0];
    if (oldest !== undefined && (what < 0.2 || lastId - oldest >= LATE_IDS)) {
      reserved.shift();
      put(String(oldest), nowMs, nowMs);
    } else if (what < 0.3) {
      lastId += 1n;
      reserved.push(lastId);
    } else insert(nowMs);
  }

  return {
    rows,
    ever,
    change(nowMs) {
      if (kind === 'timestamp') changeTimed(nowMs);
      else if (kind === 'id') changeById(nowMs);
      else if (kind === 'page' && random.fraction() < 0.1) remove();
      else insert(nowMs);
    },
  };
}
