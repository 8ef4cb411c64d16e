import type { Caller } from '@sluice/contracts/access';
import type { Via } from '@sluice/contracts/event';
import { assertContent, readSubmission } from '@sluice/contracts/submission';
import type { Incoming } from '@sluice/protocol/accepted-event';
import { type CloudEvent, toCloudEventHeaders, toSourceId } from '@sluice/sources/cloud-events';
import type { IngestConfig } from './config.ts';
import { Refusal } from './refusal.ts';
import {
  type IncomingHeaders,
  readIdempotencyKey,
  readJsonBody,
  readSchemaVersion,
} from './request-parts.ts';
import { type KnownSource, type SourceTable, toUnsure } from './source-registry.ts';

/** What a request says for every event that it carries. */
export type Carrier = {
  readonly via: Via;
  /** The headers that are kept. */
  readonly kept: Record<string, string>;
  readonly contentType: string;
  readonly key: string | null;
  readonly schemaVersion: number | undefined;
};

/** A carrier whose sender was checked by its key, not by a signature. */
export type SentCarrier = Carrier & { readonly caller: Caller };

/** An event that is all but identified. */
export type Received = Omit<Incoming, 'receivedAtMs'>;

export type IntakeOptions = {
  readonly sources: SourceTable;
  readonly config: Pick<IngestConfig, 'FAILURE_SIMULATION' | 'UNKNOWN_SOURCES'>;
};

/** What the ways in that name their source in the event itself have in common. */
export type Intake = {
  /** Reads a submission from its bytes. @throws ProblemException */
  readSubmitted(body: Buffer, carrier: SentCarrier): Received;
  /** Finds the source of a CloudEvent: the one that declares its `ceSource`, else its own name. @throws ProblemException */
  readCloudEvent(event: CloudEvent, carrier: SentCarrier): Received;
};

/** Creates the reader of events that name their source themselves. */
export function createIntake({ sources, config }: IntakeOptions): Intake {
  function readSubmitted(body: Buffer, carrier: SentCarrier): Received {
    const { value, exact } = readJsonBody(body);
    const submission = readSubmission(value);
    const { source } = submission;
    if (submission.simulate !== undefined && config.FAILURE_SIMULATION === 'off') {
      throw new Refusal('ERR_SIMULATION_OFF', source);
    }
    const owner = toOwner(carrier.caller);
    const declared = findAllowed(source, owner);
    const tenant = toTenant(carrier.caller, source, declared);
    assertContent(value);
    admit(declared);
    const key = submission.idempotencyKey ?? carrier.key;
    const schemaVersion = submission.schemaVersion ?? carrier.schemaVersion;
    return {
      tenant,
      source,
      via: carrier.via,
      form: 'submission',
      headers: carrier.kept,
      contentType: carrier.contentType,
      body,
      payload: submission.payload,
      exact,
      key: key === null ? null : { value: toOwnKey(key, source, owner), origin: 'header' },
      type: submission.type ?? declared?.type,
      schemaVersion: schemaVersion ?? declared?.schemaVersion ?? 1,
      attributes: { type: submission.type, schemaVersion },
      simulate: submission.simulate,
    };
  }

  function readCloudEvent(event: CloudEvent, carrier: SentCarrier): Received {
    const owner = toOwner(carrier.caller);
    const byCeSource = sources.findByCeSource(event.ceSource, owner);
    if (byCeSource === undefined && sources.mayClaim(event.ceSource, owner)) throw toUnsure(sources);
    const source = byCeSource?.id ?? toSourceId(event.ceSource);
    const declared = byCeSource ?? findAllowed(source, owner);
    const tenant = toTenant(carrier.caller, source, declared);
    admit(declared);
    return {
      ...toCloudEventParts(event, carrier),
      tenant,
      source,
      key: { value: toOwnKey(event.key, source, owner), origin: 'provider' },
      schemaVersion: carrier.schemaVersion ?? declared?.schemaVersion ?? 1,
    };
  }

  /** Returns the declaration of a source; undefined for an undeclared one where those are allowed. */
  function findAllowed(source: string, owner: string | null): KnownSource | undefined {
    const declared = findDeclared(sources, source, owner);
    if (declared === undefined && config.UNKNOWN_SOURCES === 'reject') {
      throw new Refusal('ERR_SOURCE_UNKNOWN', source);
    }
    return declared;
  }

  function toOwnKey(key: string, source: string, owner: string | null): string {
    return toSentKey(key, sources.hasForeignKeys(source, owner));
  }

  return { readSubmitted, readCloudEvent };
}

/**
 * Returns the source of that id that an owner declares; undefined when it declares none.
 *
 * @throws ProblemException ERR_UNAVAILABLE or ERR_SOURCE_UNREADABLE where nobody can say that: its events would get
 * another identity
 */
export function findDeclared(
  sources: SourceTable,
  id: string,
  owner: string | null,
): KnownSource | undefined {
  const declared = sources.find(id, owner);
  if (declared === undefined && sources.mayExist(id, owner)) throw toUnsure(sources);
  return declared;
}

/**
 * Keeps a key that anybody can choose apart from those of the source itself: else whoever guesses the id of its next
 * delivery could make that look like a reused key.
 */
export function toSentKey(key: string, hasForeignKeys: boolean): string {
  return hasForeignKeys ? `api:${key}` : key;
}

/**
 * Returns the tenant whose declarations count for a caller, null for those of all: while nobody is asked who sends,
 * anybody may send for any tenant. A source that another tenant declares is not declared for this one, so that none
 * can shut out, slow down or change the events of another by taking a name.
 */
export function toOwner({ keyId, tenant }: Caller): string | null {
  return keyId === null ? null : tenant;
}

/**
 * Returns the tenant of an event: that of its declared source, else that of who sends it.
 *
 * @throws ProblemException ERR_FORBIDDEN for a source that the key may not send for
 */
export function toTenant(caller: Caller, source: string, declared: KnownSource | undefined): string {
  if (caller.sources !== null && !caller.sources.includes(source)) {
    // Not its name: what is said of the items of a batch is held for as long as the sender takes to read it.
    throw new Refusal('ERR_FORBIDDEN', source, { detail: 'This key may not send for this source.' });
  }
  return declared?.tenant ?? caller.tenant;
}

/**
 * Returns what of a CloudEvent does not depend on its source: it is kept as its binary mode would carry it. A `ce-`
 * header of a request in another mode says nothing of the event.
 */
export function toCloudEventParts(event: CloudEvent, { via, kept, schemaVersion }: Carrier) {
  const { body, payload, exact, id, type, subject, time, dataSchema, dataContentType: contentType } = event;
  const others = Object.entries(kept).filter(([name]) => !name.startsWith('ce-'));
  const headers = {
    ...Object.fromEntries(others),
    'content-type': contentType,
    ...toCloudEventHeaders(event),
  };
  return {
    via,
    form: 'payload',
    headers,
    contentType,
    body,
    payload,
    exact,
    type,
    attributes: { id, type, schemaVersion, subject, time, dataSchema },
    simulate: undefined,
  } as const;
}

/**
 * Reads what a request says for its events from its headers. Where `hasOwnKey` is false `Idempotency-Key` is ignored.
 *
 * @throws ProblemException ERR_HEADER_INVALID
 */
export function readCarrier<Parts extends Pick<Carrier, 'via' | 'kept' | 'contentType'>>(
  headers: IncomingHeaders,
  hasOwnKey: boolean,
  parts: Parts,
): Parts & Carrier {
  const key = hasOwnKey ? readIdempotencyKey(headers) : null;
  return { ...parts, key, schemaVersion: readSchemaVersion(headers) };
}

/**
 * Lets an event of a source pass, or refuses it for coming too soon.
 *
 * @throws ProblemException ERR_RATE_LIMITED
 */
export function admit(source: KnownSource | undefined): void {
  if (source?.rateLimit === undefined) return;
  const decision = source.rateLimit.take(1);
  if (decision.ok) return;
  throw new Refusal('ERR_RATE_LIMITED', source.id, { retryAfterSeconds: decision.retryAfterMs / 1000 });
}
