import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import type { StoredStatus } from '@sluice/contracts/status';
import type { Binary, Db, WithId } from 'mongodb';
import type { Check } from './check.ts';
import type { Losses } from './losses.ts';
import { type Print, toBodyPrint, toIdPrint } from './print.ts';

/** What MongoDB holds in the end, as prints. */
export type StoredEvents = {
  readonly statuses: ReadonlyMap<Print, StoredStatus>;
  /** The body that is stored under each id. */
  readonly bodies: ReadonlyMap<Print, readonly Print[]>;
  /** By the id whose key was used again: the bodies that are stored as its conflicts. */
  readonly conflicts: ReadonlyMap<Print, readonly Print[]>;
  /** By the batch that brought them, which the run took away: how many events are stored all the same. */
  readonly ofLost: ReadonlyMap<string, number>;
  /** What breaks "one record", and what is dead or unfinished against its nature. */
  readonly checks: readonly Check[];
};

/** The source whose payloads `preload/deadly-payload.ts` makes deadly. */
export const DEADLY_SOURCE = 'poison';

type Raw = Omit<RawEventDocument, 'body'> & { readonly body: Binary };

const RAW_FIELDS = {
  body: 1,
  source: 1,
  status: 1,
  code: 1,
  attempts: 1,
  simulate: 1,
  conflictOf: 1,
  normalizedHash: 1,
  duplicateOf: 1,
  run: 1,
  batch: 1,
  storedAt: 1,
  updatedAt: 1,
} as const;

/** Reads every raw and normalized event once and checks what can be told from them alone. */
export async function readStoredEvents(db: Db, losses: Losses): Promise<StoredEvents> {
  const records = await readRecords(db);
  const statuses = new Map<Print, StoredStatus>();
  const bodies = new Map<Print, readonly Print[]>();
  const conflicts = new Map<Print, readonly Print[]>();
  const ofLost = new Map<string, number>();
  const copies = [...records.copies];
  const unnatural: string[] = [];
  const cursor = db.collection<Raw>('raw_events').find({}, { projection: RAW_FIELDS });
  for await (const raw of cursor) {
    const id = toIdPrint(raw._id);
    const body = toBodyPrint(raw.body.value());
    if (statuses.has(id)) copies.push(`${raw._id} is stored twice`);
    statuses.set(id, raw.status);
    bodies.set(id, [body]);
    if (raw.batch !== undefined && losses.batches.has(raw.batch)) {
      ofLost.set(raw.batch, (ofLost.get(raw.batch) ?? 0) + 1);
    }
    if (raw.conflictOf !== undefined) {
      const first = toIdPrint(raw.conflictOf);
      conflicts.set(first, [...(conflicts.get(first) ?? []), body]);
    }
    copies.push(...findWrongRecord(raw, records.hashes));
    unnatural.push(...findUnnatural(raw, losses.events.has(id)));
  }
  const orphans = [...records.hashes.keys()].filter((id) => statuses.get(toIdPrint(id)) !== 'normalized');
  copies.push(...orphans.map((id) => `the record ${id} has no raw event that is normalized`));
  return {
    statuses,
    bodies,
    conflicts,
    ofLost,
    checks: [
      { name: 'one copy: one record for each reading', broken: copies },
      { name: 'all final, dead by their nature only, no attempt lost to a fault', broken: unnatural },
    ],
  };
}

type Records = {
  /** The normalized hash of each record. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly copies: readonly string[];
};

async function readRecords(db: Db): Promise<Records> {
  const hashes = new Map<string, string>();
  const owners = new Map<string, string>();
  const copies: string[] = [];
  const fields = { tenant: 1, source: 1, normalizedHash: 1, 'data.amount': 1 };
  const cursor = db.collection<NormalizedEventDocument>('normalized_events').find({}, { projection: fields });
  for await (const { _id, source, normalizedHash, data } of cursor) {
    hashes.set(_id, normalizedHash);
    for (const key of [normalizedHash, ...toReadingKey(source, data)]) {
      const owner = owners.get(key);
      if (owner !== undefined) copies.push(`${_id} and ${owner} are the same record`);
      owners.set(key, _id);
    }
  }
  return { hashes, copies };
}

/** The value of a reading is its own: two records with one value are one reading stored twice. */
function toReadingKey(source: string, data: unknown): string[] {
  const amount = typeof data === 'object' && data !== null && 'amount' in data ? data.amount : undefined;
  return amount === undefined || amount === null ? [] : [`${source} ${String(amount)}`];
}

function findWrongRecord(raw: WithId<Raw>, hashes: ReadonlyMap<string, string>): string[] {
  if (raw.status === 'normalized') return hashes.has(raw._id) ? [] : [`${raw._id} has no record`];
  if (raw.status !== 'duplicate') return [];
  const isTwin = hashes.get(raw.duplicateOf ?? '') === raw.normalizedHash;
  return isTwin ? [] : [`${raw._id} is a duplicate of ${raw.duplicateOf}, which is not its twin`];
}

function findUnnatural(raw: WithId<Raw>, wasFlushed: boolean): string[] {
  const { _id, status, code, attempts, simulate } = raw;
  switch (status) {
    case 'normalized':
    case 'duplicate':
      if (raw.source === DEADLY_SOURCE) return [`${_id} was to kill its worker and is ${status}`];
      return simulate === undefined && attempts > 1
        ? [`${_id} needed ${attempts} attempts, ${describe(raw)}`]
        : [];
    case 'dead':
      return isDeadByNature(raw) ? [] : [`${_id} of ${raw.source} is dead: ${code}, ${describe(raw)}`];
    default:
      return wasFlushed ? [] : [`${_id} of ${raw.source} is still ${status}, ${describe(raw)}`];
  }
}

function describe({ run, attempts, batch = 'no batch', storedAt, updatedAt }: Raw): string {
  return `run ${run}, attempts ${attempts}, ${batch}, stored ${storedAt.toISOString()}, updated ${updatedAt.toISOString()}`;
}

function isDeadByNature({ code, source, simulate, conflictOf }: Raw): boolean {
  switch (code) {
    case 'ERR_SIMULATED':
      return simulate === 'all';
    case 'ERR_KEY_REUSED':
      return conflictOf !== undefined;
    case 'ERR_VERSION_UNKNOWN':
      return source === 'unknown-version';
    case 'ERR_STALLED':
      return source === DEADLY_SOURCE;
    default:
      return false;
  }
}
