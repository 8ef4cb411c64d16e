/*
 * The life of an event as lanes: one for its arrival, one for each attempt, each running from the station where it began to the one
 * where it ended. Many failed attempts in a row become one lane that can be unfolded.
 */
import type { EventDetail } from '@sluice/contracts/api';

type Entry = EventDetail['timeline'][number];

/** What stands at a station: reached, stopped in some way, under way, or waited for. */
export type LaneMark = 'done' | 'failed' | 'dead' | 'duplicate' | 'parked' | 'now' | 'waiting';

/** The places of the stations on the rail. */
const QUEUED = 2;
const NORMALIZED = 3;
const STORED = 4;
const REPLICATED = 5;

/** Where an attempt stops that fails with one of these codes: it could not be made a record. */
const NO_RECORD = new Set([
  'ERR_KEY_REUSED',
  'ERR_PAYLOAD_UNPARSABLE',
  'ERR_VERSION_UNKNOWN',
  'ERR_UPCAST_FAILED',
  'ERR_ADAPTER_FAILED',
  'ERR_FIELD_REQUIRED',
  'ERR_FIELD_UNREADABLE',
]);

export type Lane = {
  readonly key: string;
  readonly name: string;
  /** When its last mark was reached; null while it waits. */
  readonly at: string | null;
  /** Since the lane before ended, in ms. */
  readonly gapMs: number;
  /** What stands where, in the order of the stations. */
  readonly marks: readonly { readonly station: number; readonly mark: LaneMark }[];
  readonly text: string;
  readonly code?: string;
  readonly worker?: string;
  /** When the attempt is due that this lane waits for. */
  readonly dueAt?: string;
  /** Set on the first lane of a run that somebody asked for. */
  readonly runAt?: string;
};

/** A lane that has no place among the others yet. */
type NewLane = Omit<Lane, 'gapMs' | 'key'>;

/** Several lanes that say the same. */
export type Fold = { readonly key: string; readonly lanes: readonly Lane[] };

/** Makes the lanes of an event, the oldest first. */
export function toLanes({ timeline, status, duplicate }: EventDetail): readonly Lane[] {
  const lanes: Lane[] = [];
  let endedAt = timeline[0]?.at ?? '';
  let run = 0;

  function add(lane: NewLane): void {
    const gapMs = lane.at === null || endedAt === '' ? 0 : Date.parse(lane.at) - Date.parse(endedAt);
    lanes.push({ ...lane, key: String(lanes.length), gapMs });
    if (lane.at !== null) endedAt = lane.at;
  }

  const arrival = timeline.filter(({ step }) => step === 'received' || step === 'queued').slice(0, 2);
  const [received, queued] = arrival;
  if (received !== undefined) {
    const marks = [
      { station: 0, mark: 'done' },
      { station: 1, mark: 'done' },
      ...(queued === undefined ? [] : [{ station: QUEUED, mark: 'done' } as const]),
    ] as const;
    const text = arrival.map(({ detail }) => detail).join(' ');
    add({ name: 'arrival', at: received.at, marks, text });
  }
  const rest = timeline.slice(arrival.length);
  for (const [index, entry] of rest.entries()) {
    if (entry.step === 'attempt') {
      const isFirstOfRun = entry.run !== undefined && entry.run !== run && entry.run > 0;
      run = entry.run ?? run;
      const outcome = rest[index + 1]?.step === 'outcome' ? rest[index + 1] : undefined;
      add({
        ...toAttempt(entry, outcome, duplicate !== null),
        ...(isFirstOfRun ? { runAt: new Date(run).toISOString() } : {}),
      });
    } else if (entry.step === 'synced') {
      const last = lanes.at(-1);
      const isStored =
        last?.marks.some(({ station, mark }) => station === STORED && mark === 'done') === true;
      if (last !== undefined && isStored) {
        const marks = [...last.marks, { station: REPLICATED, mark: 'done' } as const];
        lanes[lanes.length - 1] = { ...last, marks, text: `${last.text} ${entry.detail}` };
      }
    } else if (entry.step === 'queued') {
      add({
        name: entry.dueAt === undefined ? 'waits' : 'next attempt',
        at: null,
        marks: [{ station: QUEUED, mark: 'waiting' }],
        text: entry.detail,
        ...(entry.dueAt === undefined ? {} : { dueAt: entry.dueAt }),
      });
    }
  }
  if (status === 'dead' && lanes.every(({ marks }) => marks.every(({ mark }) => mark !== 'dead'))) {
    const end = timeline.at(-1);
    if (end !== undefined) add({ ...toDeath(end), name: 'end' });
  }
  return lanes;
}

function toAttempt(entry: Entry, outcome: Entry | undefined, isDuplicate: boolean): NewLane {
  const { attempt, code, worker } = entry;
  return {
    name: attempt === undefined ? 'attempt' : `attempt ${attempt}`,
    at: entry.at,
    marks: toMarks(entry, isDuplicate),
    text: [entry.detail, entry.outcome === 'succeeded' ? (outcome?.detail ?? '') : ''].join(' ').trim(),
    ...(code === undefined ? {} : { code }),
    ...(worker === undefined ? {} : { worker }),
  };
}

function toMarks({ outcome, code }: Entry, isDuplicate: boolean): Lane['marks'] {
  const begun = { station: QUEUED, mark: 'done' } as const;
  if (outcome === undefined) return [begun, { station: NORMALIZED, mark: 'now' }];
  if (outcome === 'succeeded') {
    if (isDuplicate) return [begun, { station: NORMALIZED, mark: 'duplicate' }];
    return [begun, { station: NORMALIZED, mark: 'done' }, { station: STORED, mark: 'done' }];
  }
  if (outcome === 'parked' || NO_RECORD.has(code ?? ''))
    return [begun, { station: NORMALIZED, mark: outcome }];
  return [begun, { station: NORMALIZED, mark: 'done' }, { station: STORED, mark: outcome }];
}

function toDeath(end: Entry): Omit<NewLane, 'name'> {
  const { at, detail: text, code } = end;
  const marks = [{ station: QUEUED, mark: 'done' } as const, { station: NORMALIZED, mark: 'dead' } as const];
  return { at, text, marks, ...(code === undefined ? {} : { code }) };
}

/** So many attempts are shown one by one. */
const MAX_LANES = 8;

/** Folds the attempts between the first two and the last two of a long row that failed with the same code. */
export function foldLanes(lanes: readonly Lane[]): readonly (Lane | Fold)[] {
  const failed = lanes.filter(({ marks }) => marks.some(({ mark }) => mark === 'failed'));
  if (failed.length <= MAX_LANES) return lanes;
  const middle = new Set(failed.slice(2, -2));
  const folded: (Lane | Fold)[] = [];
  for (const lane of lanes) {
    const last = folded.at(-1);
    if (!middle.has(lane)) folded.push(lane);
    else if (last !== undefined && 'lanes' in last && last.lanes[0]?.code === lane.code) {
      folded[folded.length - 1] = { ...last, lanes: [...last.lanes, lane] };
    } else folded.push({ key: `fold-${lane.key}`, lanes: [lane] });
  }
  return folded.map((entry) =>
    'lanes' in entry && entry.lanes.length === 1 ? (entry.lanes[0] ?? entry) : entry,
  );
}

/** Returns how much room a gap gets, in px: nothing up to a second, then by its logarithm. */
export function toGapHeight(gapMs: number): number {
  if (gapMs <= 1000) return 0;
  return Math.min(48, Math.round(8 + 8 * Math.log10(gapMs / 1000)));
}
