import { isUtf8 } from 'node:buffer';
import type { AcceptedEvent, KeyOrigin, RawEventDocument } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import { type EventAttributes, toContentHash } from '@sluice/normalizer/content-hash';
import { toEventId } from '@sluice/normalizer/identity';

/** What is known of an event before it has an identity. */
export type Incoming = Pick<
  AcceptedEvent,
  'tenant' | 'source' | 'via' | 'form' | 'headers' | 'contentType' | 'schemaVersion'
> & {
  /** The bytes as they arrived. */
  readonly body: Buffer;
  /** The payload, undefined when the body is not JSON; `exact` as `parseSafeJson` says. */
  readonly payload: JsonValue | undefined;
  readonly exact: boolean;
  /** The key that the provider, a header or a record gave; null for the content hash. */
  readonly key: { readonly value: string; readonly origin: KeyOrigin } | null;
  readonly type: string | undefined;
  /** What the request itself names, not what the source declares. */
  readonly attributes?: EventAttributes | undefined;
  readonly simulate: AcceptedEvent['simulate'];
  readonly receivedAtMs: number;
};

/** Gives an incoming event its identity: content hash, idempotency key and id. */
export function toAcceptedEvent(incoming: Incoming): AcceptedEvent {
  const { tenant, source, attributes, body, payload, exact, key, type, simulate } = incoming;
  const contentHash = toContentHash({ source, attributes, payload, exact, body });
  const idempotencyKey = key?.value ?? contentHash;
  const { traceparent } = incoming.headers;
  return {
    eventId: toEventId(tenant, source, idempotencyKey),
    tenant,
    source,
    via: incoming.via,
    form: incoming.form,
    idempotencyKey,
    keyOrigin: key?.origin ?? 'content',
    contentHash,
    contentType: incoming.contentType,
    headers: incoming.headers,
    ...toBody(body),
    ...(type === undefined ? {} : { type }),
    schemaVersion: incoming.schemaVersion,
    receivedAt: new Date(incoming.receivedAtMs).toISOString(),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(simulate === undefined ? {} : { simulate }),
  };
}

/** Makes the event again from what is stored of it, to be run another time. */
export function toStoredEvent(raw: RawEventDocument): AcceptedEvent {
  const { type, traceparent, simulate, conflictOf } = raw;
  return {
    eventId: raw._id,
    tenant: raw.tenant,
    source: raw.source,
    via: raw.via,
    form: raw.form,
    idempotencyKey: raw.idempotencyKey,
    keyOrigin: raw.keyOrigin,
    contentHash: raw.contentHash,
    contentType: raw.contentType,
    headers: { ...raw.headers },
    ...toBody(Buffer.from(raw.body)),
    ...(type === undefined ? {} : { type }),
    schemaVersion: raw.schemaVersion,
    receivedAt: raw.receivedAt.toISOString(),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(simulate === undefined ? {} : { simulate }),
    ...(conflictOf === undefined ? {} : { conflictOf }),
  };
}

function toBody(body: Buffer): Pick<AcceptedEvent, 'body' | 'bodyEncoding'> {
  if (isUtf8(body)) return { body: body.toString('utf8') };
  return { body: body.toString('base64'), bodyEncoding: 'base64' };
}
