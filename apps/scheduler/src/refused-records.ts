import { createHash } from 'node:crypto';
import { type ProblemCode, toStatus } from '@sluice/contracts/errors';
import type { Rejection } from '@sluice/contracts/rejection';
import type { PollSource } from '@sluice/contracts/source';

/** A record that a source sent and that cannot be taken. */
export type RefusedRecord = {
  readonly code: ProblemCode;
  /** By what such records are grouped: the code, or that the record itself could not be read. */
  readonly cause: string;
  readonly detail: string;
  /** As it was sent. */
  readonly body: string;
};

/** What one run refuses. */
export type RefusedInRun = {
  /**
   * Keeps records among the rejections and returns how many of them this run had not refused before. What this process
   * kept before is not kept again.
   *
   * @throws DependencyAwayError
   */
  keep(records: readonly RefusedRecord[]): Promise<number>;
};

/** The refused records of a run that are kept at most; further ones are only counted. */
const MAX_KEPT = 1000;

/** The names of a source's kept records that are remembered, so that reading them again does not keep them again. */
const MAX_REMEMBERED = 10_000;

/** As many characters of a body are kept; of what they come to in bytes the store keeps 4 KiB. */
const MAX_BODY_CHARS = 4096;

/**
 * Creates what keeps the records that polls cannot take, so that none is lost without a trace when the cursor moves on: of
 * each its body, of those beyond MAX_KEPT in a run only their number.
 * What it remembers of a source is forgotten when the source is changed.
 */
export function createRefusedRecords({
  write,
  now,
}: {
  readonly write: (rejections: readonly Rejection[]) => Promise<void>;
  readonly now: () => number;
}): (source: PollSource, slot: number) => RefusedInRun {
  const remembered = new WeakMap<PollSource, Set<string>>();

  return (source, slot) => {
    const known = remembered.get(source) ?? new Set();
    remembered.set(source, known);
    const seen = new Set<string>();
    let kept = 0;

    async function keep(records: readonly RefusedRecord[]): Promise<number> {
      const named = new Map(records.map((record) => [toName(record), record]));
      const fresh = [...named].filter(([name]) => !known.has(name)).slice(0, MAX_KEPT - kept);
      const at = new Date(now());
      if (fresh.length > 0) await write(fresh.map(([, record]) => toRejection(source, slot, record, at)));
      kept += fresh.length;
      for (const [name] of fresh) remember(known, name);
      const isNew = ([name]: readonly [string, unknown]) => !seen.has(name);
      const count = [...named].filter(isNew).length;
      for (const name of named.keys()) remember(seen, name);
      return count;
    }

    return { keep };
  };
}

/** The oldest makes room. */
function remember(names: Set<string>, name: string): void {
  names.add(name);
  if (names.size <= MAX_REMEMBERED) return;
  for (const oldest of names) {
    names.delete(oldest);
    return;
  }
}

function toName({ body }: RefusedRecord): string {
  return createHash('sha256').update(body).digest('base64url');
}

/** It says nothing of the request but where it went: the query may hold a secret, and so may headers. */
function toRejection(
  source: PollSource,
  slot: number,
  { code, cause, detail, body }: RefusedRecord,
  at: Date,
): Rejection {
  const { host, pathname } = new URL(source.url);
  return {
    ...{ at, tenant: source.tenant, source: source.id, code, status: toStatus(code), cause, detail },
    ...{ requestId: `poll-${source.id}-${slot}`, method: 'GET', path: pathname, remote: host },
    headers: {},
    body: Buffer.from(body.slice(0, MAX_BODY_CHARS)),
  };
}
