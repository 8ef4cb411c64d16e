/*
 * How a presented key is checked.
 *
 *  1. What has not the form of a key is nobody's. Everything else goes by the key's hash: no secret is kept, and how long a
 *     look into a table takes tells nothing of one.
 *  2. A key that was read within the last 2.5 s is answered from memory. Up to 5 s too, while it is read again: a key in
 *     steady use never waits, and one that was revoked works for 5 s at most.
 *  3. Else it is read, once for all who wait for it: from MongoDB, and when that is away from the mirror in Redis.
 *  4. When neither says anything, whoever was known before stays so until the key expires. For the others nobody can
 *     say: that is DependencyAwayError, never "unknown".
 *  5. While MongoDB does not answer nobody waits for it: what is known is taken as it is, and one read a second tries
 *     again.
 *
 * Nothing can make the tables grow beyond their bounds, and only so many unknown keys are looked up at once.
 */
import { timingSafeEqual } from 'node:crypto';
import type { CheckKey, KeyHolder, KeyRecord } from '@sluice/contracts/access';
import { ProblemException } from '@sluice/contracts/errors';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { hashKey, toKeyId } from './api-key.ts';

/** Where keys are stored. */
export type KeyReader = {
  /** Returns a key; null when there is none of this id. @throws DependencyAwayError */
  read(id: string): Promise<KeyRecord | null>;
};

/** The copy of the keys that answers while MongoDB is away. */
export type KeyMirror = KeyReader & {
  /** Copies a key without waiting; losing the copy costs only what works while MongoDB is away. */
  write(record: KeyRecord): void;
};

export type KeyCheckOptions = {
  readonly store: KeyReader;
  readonly mirror: KeyMirror;
  /** Epoch milliseconds: for when keys expire and were used. */
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets: for how long ago something was; `performance.now` by default. */
  readonly elapsed?: () => number;
  /** Told why a key that is known could not be read again. */
  readonly onTrouble: (error: unknown) => void;
};

export type KeyCheck = {
  readonly check: CheckKey;
  /** Returns the keys that were used since the last call, with the time of their last use. */
  takeUses(): ReadonlyMap<string, Date>;
};

/** How long a key is taken as it was read, and after how long it is read again, in ms. */
const FRESH_MS = 5000;
const RENEW_MS = 2500;

/** How long a key that is nobody's is remembered, in ms. */
const UNKNOWN_MS = 5000;

/** How long MongoDB is left alone after it did not answer, in ms. */
const AWAY_MS = 1000;

/** How long the mirror is trusted to hold what was copied last, in ms. */
const MIRRORED_MS = 600_000;

const MAX_KNOWN = 10_000;
const MAX_UNKNOWN = 10_000;
const MAX_LOOKUPS = 200;

type Known = {
  readonly id: string;
  readonly holder: KeyHolder;
  readonly parent: string | null;
  readonly readAtMs: number;
  /** When it was last tried to read it again. */
  triedAtMs: number;
  /** When it was last used, in epoch milliseconds; null when that has been told. */
  usedAtMs: number | null;
};

/** Creates the check of a process. */
export function createKeyCheck(options: KeyCheckOptions): KeyCheck {
  const { store, mirror, now, elapsed = () => performance.now(), onTrouble } = options;
  const known = new Map<string, Known>();
  const unknown = new Map<string, number>();
  const lookups = new Map<string, Promise<KeyHolder | null>>();
  const mirrored = new Map<string, number>();
  let isAway = false;
  let askAgainMs = Number.NEGATIVE_INFINITY;

  function check(presented: string): KeyHolder | null | Promise<KeyHolder | null> {
    const id = toKeyId(presented);
    if (id === null) return null;
    const digest = hashKey(presented);
    const [nowMs, atMs] = [now(), elapsed()];
    const entry = known.get(digest);
    if (entry !== undefined) {
      entry.usedAtMs = nowMs;
      const ageMs = atMs - entry.readAtMs;
      if (ageMs < RENEW_MS) return toLive(entry, nowMs);
      if (isAway && atMs - entry.triedAtMs < AWAY_MS) return toLive(entry, nowMs);
      entry.triedAtMs = atMs;
      const renewed = lookUp(id, digest);
      if (ageMs >= FRESH_MS && !isAway) return renewed;
      renewed.catch(onTrouble);
      return toLive(entry, nowMs);
    }
    if (atMs - (unknown.get(digest) ?? Number.NEGATIVE_INFINITY) < UNKNOWN_MS) return null;
    return lookUp(id, digest);
  }

  function lookUp(id: string, digest: string): Promise<KeyHolder | null> {
    const running = lookups.get(digest);
    if (running !== undefined) return running;
    if (lookups.size >= MAX_LOOKUPS && !known.has(digest)) {
      const detail = 'Too many unknown keys are being looked up.';
      return Promise.reject(new ProblemException('ERR_UNAVAILABLE', detail));
    }
    const lookup = settle(id, digest).finally(() => lookups.delete(digest));
    lookups.set(digest, lookup);
    return lookup;
  }

  async function settle(id: string, digest: string): Promise<KeyHolder | null> {
    const beganMs = elapsed();
    try {
      const record = await read(id);
      return keep(id, digest, record, beganMs);
    } catch (error) {
      const entry = known.get(digest);
      if (entry === undefined || !(error instanceof DependencyAwayError)) throw error;
      return toLive(entry, now());
    }
  }

  async function read(id: string): Promise<KeyRecord | null> {
    if (elapsed() >= askAgainMs) {
      try {
        const record = await store.read(id);
        isAway = false;
        if (record !== null) copy(record);
        return record;
      } catch (error) {
        if (!(error instanceof DependencyAwayError)) throw error;
        isAway = true;
        askAgainMs = elapsed() + AWAY_MS;
      }
    }
    const record = await mirror.read(id);
    if (record !== null) return record;
    throw new DependencyAwayError('mongodb', 'MongoDB is away, and the mirror does not know the key.');
  }

  /** Copies a key where the copy may be missing; a revocation at once, because it must not be missing. */
  function copy(record: KeyRecord): void {
    const atMs = elapsed();
    const copiedAtMs = mirrored.get(record.id) ?? Number.NEGATIVE_INFINITY;
    if (record.revokedAt === null && atMs - copiedAtMs < MIRRORED_MS) return;
    put(mirrored, record.id, atMs, MAX_KNOWN);
    mirror.write(record);
  }

  function keep(id: string, digest: string, record: KeyRecord | null, readAtMs: number): KeyHolder | null {
    const entry = known.get(digest);
    if (record === null || record.revokedAt !== null || !isSame(record.hash, digest)) {
      known.delete(digest);
      put(unknown, digest, elapsed(), MAX_UNKNOWN);
      return null;
    }
    const usedAtMs = entry === undefined ? now() : entry.usedAtMs;
    const times = { readAtMs, triedAtMs: readAtMs, usedAtMs };
    const fresh: Known = { id, holder: toHolder(record), parent: record.parent, ...times };
    put(known, digest, fresh, MAX_KNOWN);
    return toLive(fresh, now());
  }

  function takeUses(): ReadonlyMap<string, Date> {
    const uses = new Map<string, Date>();
    for (const entry of known.values()) {
      const { id, parent, usedAtMs } = entry;
      if (usedAtMs === null) continue;
      entry.usedAtMs = null;
      for (const used of [id, parent]) if (used !== null) uses.set(used, new Date(usedAtMs));
    }
    return uses;
  }

  return { check, takeUses };
}

/** Expiry is looked at every time: a known key must not outlive it. */
function toLive({ holder }: Known, nowMs: number): KeyHolder | null {
  return holder.expiresAt !== null && holder.expiresAt.getTime() <= nowMs ? null : holder;
}

function toHolder({ id, tenant, role, name, sources, parent, kind, expiresAt }: KeyRecord): KeyHolder {
  return { caller: { tenant, role, name, keyId: parent ?? id, sources }, kind, expiresAt };
}

function isSame(stored: string, digest: string): boolean {
  const [left, right] = [Buffer.from(stored), Buffer.from(digest)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Puts an entry at the end, and drops the first one where there are too many. */
function put<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}
