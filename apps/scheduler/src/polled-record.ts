import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProblemException } from '@sluice/contracts/errors';
import type { AcceptedEvent } from '@sluice/contracts/event';
import type { PollSource } from '@sluice/contracts/source';
import { parseSafeJson } from '@sluice/normalizer/safe-json';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import type { Page, PolledRecord } from '@sluice/sources/poll/records';
import type { RefusedRecord } from './refused-records.ts';

/** The largest record that is taken, in bytes: as large as an event that is sent to us may be. */
const MAX_RECORD_BYTES = 1024 ** 2;

/** After so many records the event loop gets a turn: a page may hold fifty thousand. */
const TURN = 200;

/** What is wrong with a record that could not even be read. */
const UNREADABLE = { code: 'ERR_BODY_INVALID', cause: 'record-unreadable' } as const;

/** A page's records as events, and what cannot be taken of it. */
export type KeepablePage = {
  readonly events: readonly AcceptedEvent[];
  readonly refused: readonly RefusedRecord[];
};

/** Turns the records of a page into events; those that cannot be taken are listed as refused. */
export async function toKeepable(
  source: PollSource,
  page: Page,
  receivedAtMs: number,
): Promise<KeepablePage> {
  const events: AcceptedEvent[] = [];
  const refused: RefusedRecord[] = page.problems.map(({ index, detail, body }) => ({
    ...UNREADABLE,
    body,
    detail: `record ${index} of its page: ${detail}`,
  }));
  for (const [index, record] of page.records.entries()) {
    if (index % TURN === TURN - 1) await nextTurn();
    try {
      events.push(toRecordEvent(source, record, receivedAtMs));
    } catch (error) {
      refused.push(toRefused(record, error));
    }
  }
  return { events, refused };
}

function toRefused({ id, body }: PolledRecord, error: unknown): RefusedRecord {
  const code = error instanceof ProblemException ? error.code : UNREADABLE.code;
  const cause = error instanceof ProblemException ? error.code : UNREADABLE.cause;
  const reason = error instanceof Error ? error.message : String(error);
  return { code, cause, detail: `record ${id.slice(0, 100)}: ${reason}`, body };
}

/**
 * Turns a polled record into an event. Its key is its id and version, so that a record that is read again is known
 * and a changed one is a new event; without a version the content stands in.
 *
 * @throws ProblemException when the record is too large or its JSON is not safe (`parseSafeJson`)
 */
function toRecordEvent(source: PollSource, record: PolledRecord, receivedAtMs: number): AcceptedEvent {
  const body = Buffer.from(record.body);
  if (body.length > MAX_RECORD_BYTES) throw new ProblemException('ERR_BODY_TOO_LARGE');
  const { value, exact } = parseSafeJson(record.body);
  return toAcceptedEvent({
    tenant: source.tenant,
    source: source.id,
    via: 'poll',
    form: 'payload',
    headers: {},
    contentType: 'application/json',
    body,
    payload: value,
    exact,
    key: record.version === undefined ? null : { value: toKey(record.id, record.version), origin: 'record' },
    type: source.type,
    schemaVersion: source.schemaVersion,
    simulate: undefined,
    receivedAtMs,
  });
}

/** An @ in the id is escaped, so that no other id and version make the same key. */
function toKey(id: string, version: string): string {
  return `${id.replace(/[%@]/g, encodeURIComponent)}@${version}`;
}
