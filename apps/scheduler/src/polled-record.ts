import { ProblemException } from '@sluice/contracts/errors';
import type { AcceptedEvent } from '@sluice/contracts/event';
import type { PollSource } from '@sluice/contracts/source';
import { parseSafeJson } from '@sluice/normalizer/safe-json';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import type { Page, PolledRecord } from '@sluice/sources/poll/records';

/** The largest record that is taken, in bytes: as large as an event that is sent to us may be. */
const MAX_RECORD_BYTES = 1024 ** 2;

/** A page's records as events, and what cannot be taken of it. */
export type KeepablePage = {
  readonly events: readonly AcceptedEvent[];
  readonly problems: readonly { readonly detail: string; readonly err?: unknown }[];
};

/** Turns the records of a page into events; those that cannot be taken are listed as problems. */
export function toKeepable(source: PollSource, page: Page, receivedAtMs: number): KeepablePage {
  const problems: { detail: string; err?: unknown }[] = page.problems.map(({ index, detail }) => ({
    detail: `record ${index} of its page: ${detail}`,
  }));
  const events = page.records.flatMap((record): AcceptedEvent[] => {
    try {
      return [toRecordEvent(source, record, receivedAtMs)];
    } catch (err) {
      const reason = err instanceof Error ? err.message : String(err);
      problems.push({ detail: `record ${record.id.slice(0, 100)}: ${reason}`, err });
      return [];
    }
  });
  return { events, problems };
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
