/**
 * One collection in a full sync:
 *
 *  1. Ranges of `_id` are read from both sides and compared by their hashes, a stretch of them at a time. Of an unequal
 *     range the hashes of its documents are compared.
 *  2. While the next stretch is read, what differs in this one is confirmed, counted and, when differences are to be
 *     mended, handed to the apply loop. Where the backup had nothing at all, what is missing needs no confirmation.
 *  3. When a stretch is done with, its end is where a later run would go on.
 *  4. Documents that only the backup has are deleted at once where that is confirmed; else at the end, if they are few.
 */
import {
  type CollectionProgress,
  type FullSyncDocument,
  type KeptDifference,
  MAX_DELETED_SHARE,
  MAX_SAMPLES,
} from '@sluice/contracts/full-sync';
import type { ApplyIds, ApplyOutcome, GoneDocuments } from '../ports.ts';
import { compareRanges, type Difference } from './compare-ranges.ts';
import { type ConfirmParts, confirmDifferences } from './confirm-differences.ts';
import { type PackedId, toIdKey, toIdText, toIdValue, unpackId } from './document-id.ts';
import type { Pace } from './pace.ts';
import { type Range, readRange } from './read-range.ts';
import type { ReadSize } from './read-size.ts';

/** What a walk works with. */
export type WalkParts = ConfirmParts &
  Pick<FullSyncDocument, 'mode' | 'deletes'> & {
    readonly applyIds: ApplyIds;
    readonly pace: Pace;
    /** How many documents of the primary are a range. */
    readonly rangeSize: ReadSize;
    readonly signal: AbortSignal;
    readonly now: () => number;
    /** Tells when an earlier run saw a difference first that was still there at its end. */
    readonly findSince: (collection: string, kind: Difference['kind'], id: string) => Date | undefined;
    /** Keeps how far the collection is, and where to go on. */
    readonly keep: (progress: CollectionProgress, position: Uint8Array | null) => void;
  };

/** How many times as many documents as the primary the backup may have in a range before it is cut shorter. */
const BACKUP_RANGES = 4;

/** When a stretch ends, whatever comes first. */
const STRETCH_MS = 1000;
const STRETCH_DIFFERENCES = 10_000;

/** Documents that are handed over at once, and such portions at a time. */
const PORTION = 250;
const PORTIONS_AT_ONCE = 3;

/** Extra ones that are remembered until the end of the collection. */
const MAX_EXTRAS = 100_000;

type Stretch = {
  readonly suspects: readonly Difference[];
  readonly compared: number;
  readonly end: Uint8Array | null;
};

/** Walks a collection from an id on to its end. */
export async function walkCollection(
  parts: WalkParts,
  first: CollectionProgress,
  position: Uint8Array | null,
): Promise<void> {
  const { mode, deletes, pace, rangeSize, signal, keep, applyIds } = parts;
  const { name } = first;
  let progress: CollectionProgress = first;
  let extras: PackedId[] = [];

  /** Reads the same range of both sides, as much as both have few documents in. */
  async function readNext(
    from: Uint8Array | null,
  ): Promise<{ primary: Range; backup: Range; end: Uint8Array | null }> {
    let to: Uint8Array | null = null;
    for (;;) {
      const bound: Uint8Array | null = to;
      const primary: Range = await parts.untilRead('primary', (db) =>
        rangeSize.adapt((limit) => readRange(db, name, { from, to: bound, limit })),
      );
      const end: Uint8Array | null = primary.next ?? bound;
      const backup: Range = await parts.untilRead('backup', (db) =>
        rangeSize.adapt((limit) => readRange(db, name, { from, to: end, limit: limit * BACKUP_RANGES })),
      );
      if (backup.next === null) {
        if (from !== null && end !== null && toIdKey(from) === toIdKey(end)) {
          throw new Error(`The full sync does not get beyond the id ${toIdText(from)} of ${name}.`);
        }
        return { primary, backup, end };
      }
      to = backup.next;
    }
  }

  async function readStretch(from: Uint8Array | null): Promise<Stretch> {
    const suspects: Difference[] = [];
    const untilMs = performance.now() + STRETCH_MS;
    let compared = 0;
    let at = from;
    do {
      const { primary, backup, end } = await readNext(at);
      const differences = compareRanges(primary, backup);
      const size = primary.entries.size + differences.filter(({ kind }) => kind === 'extra').length;
      suspects.push(...differences);
      compared += size;
      at = end;
      await pace.spend(size, signal);
    } while (at !== null && suspects.length < STRETCH_DIFFERENCES && performance.now() < untilMs);
    return { suspects, compared, end: at };
  }

  async function settle({ suspects, compared, end }: Stretch): Promise<void> {
    const isSure = ({ kind }: Difference) => progress.isFresh && kind === 'missing';
    const { real, lagging } = await confirmDifferences(
      parts,
      name,
      suspects.filter((difference) => !isSure(difference)),
    );
    const found = [...suspects.filter(isSure), ...real];
    const count = (wanted: Difference['kind']) => found.filter(({ kind }) => kind === wanted).length;
    let next: CollectionProgress = {
      ...progress,
      compared: progress.compared + compared,
      missing: progress.missing + count('missing'),
      extra: progress.extra + count('extra'),
      unequal: progress.unequal + count('unequal'),
      lagging: progress.lagging + lagging,
      samples: addSamples(parts, progress, found),
    };
    if (mode === 'copy') {
      const wanted = found.filter(({ kind }) => kind !== 'extra').map(({ id }) => id);
      // What is gone by now was deleted, which the feed sees, or dropped.
      const copied = await handOver(wanted, 'keep');
      const gone = found.filter(({ kind }) => kind === 'extra').map(({ id }) => id);
      const deleted = deletes === 'all' ? await handOver(gone, 'delete') : NOTHING;
      if (deletes === 'few') extras = [...extras, ...gone].slice(0, MAX_EXTRAS);
      next = {
        ...next,
        copied: next.copied + copied.synced,
        deleted: next.deleted + deleted.synced,
        refused: next.refused + copied.refused + deleted.refused,
      };
    }
    progress = next;
    keep(progress, end);
  }

  async function handOver(ids: readonly PackedId[], gone: GoneDocuments): Promise<ApplyOutcome> {
    let sum = NOTHING;
    for (let from = 0; from < ids.length; from += PORTION * PORTIONS_AT_ONCE) {
      const portions = Array.from({ length: PORTIONS_AT_ONCE }, (_, n) =>
        ids.slice(from + n * PORTION, Math.min(from + (n + 1) * PORTION, ids.length)),
      ).filter((portion) => portion.length > 0);
      const outcomes = await Promise.all(
        portions.map((portion) => orAborted(applyIds(name, portion.map(toValue), gone), signal)),
      );
      sum = outcomes.reduce(add, sum);
    }
    return sum;
  }

  /** Deletes what only the backup has, when it is little of it. */
  async function finish(): Promise<void> {
    const { extra, compared } = progress;
    const isFew = extra <= compared * MAX_DELETED_SHARE && extras.length === extra;
    const deleted =
      mode === 'copy' && deletes === 'few' && isFew ? await handOver(extras, 'delete') : NOTHING;
    const isKept = mode === 'copy' && deletes !== 'all' && deleted === NOTHING;
    progress = {
      ...progress,
      state: 'done',
      deleted: progress.deleted + deleted.synced,
      refused: progress.refused + deleted.refused,
      kept: isKept ? extra : 0,
    };
    keep(progress, null);
  }

  let settling = Promise.resolve();
  for (let from = position; ; ) {
    const stretch = await readStretch(from);
    await settling;
    settling = settle(stretch);
    if (stretch.end === null) break;
    from = stretch.end;
    // It is awaited after the next stretch; should reading that fail, nobody would be there for this one's failure.
    settling.catch(() => undefined);
  }
  await settling;
  await finish();
}

function toValue(id: PackedId): unknown {
  return toIdValue(unpackId(id));
}

const NOTHING: ApplyOutcome = { synced: 0, refused: 0 };

function add(one: ApplyOutcome, two: ApplyOutcome): ApplyOutcome {
  return { synced: one.synced + two.synced, refused: one.refused + two.refused };
}

function addSamples(
  { findSince, now }: WalkParts,
  { name, samples }: CollectionProgress,
  found: readonly Difference[],
): readonly KeptDifference[] {
  const seenAt = new Date(now());
  const room = { missing: MAX_SAMPLES, extra: MAX_SAMPLES, unequal: MAX_SAMPLES };
  for (const { kind } of samples) room[kind] -= 1;
  const added: KeptDifference[] = [];
  for (const { kind, id } of found) {
    if (room[kind] <= 0) continue;
    room[kind] -= 1;
    const text = toIdText(unpackId(id));
    added.push({ kind, id: text, since: findSince(name, kind, text) ?? seenAt, seenAt });
  }
  return [...samples, ...added];
}

/** Waits for work unless the signal is aborted first; the work itself is not ended. */
export function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}
