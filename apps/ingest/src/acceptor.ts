import type { Caller } from '@sluice/contracts/access';
import { VITAL_DATA_SOURCE } from '@sluice/contracts/event';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import type { GroupCommit, Kept } from '@sluice/protocol/group-commit';
import {
  readBinaryCloudEvent,
  readStructuredCloudEvent,
  toCloudEventMode,
} from '@sluice/sources/cloud-events';
import { type BatchIntake, toBatchIntake, toCloudEventIntake } from './batch/batch-intake.ts';
import type { IngestConfig } from './config.ts';
import {
  admit,
  createIntake,
  findDeclared,
  type Received,
  readCarrier,
  type SentCarrier,
  toOwner,
  toSentKey,
  toTenant,
} from './intake.ts';
import { readContentType, readJsonContentType } from './media-type.ts';
import {
  assertBatchHeaders,
  type IncomingHeaders,
  readIdempotencyKey,
  readJsonBody,
  readSchemaVersion,
  toKeptHeaders,
} from './request-parts.ts';
import type { SourceRegistry } from './source-registry.ts';
import { assertVitalData } from './vital-data.ts';
import { type IncomingRequest, readWebhook, readWebhookItem, verifyWebhook } from './webhook-intake.ts';

/** A request of somebody who was asked for a key. */
export type SentRequest = IncomingRequest & { readonly caller: Caller };

/** What a provider wants to hear back that asks whether an address is right; no event. */
export type Handshake = { readonly challenge: string };

/** What the ways in do: each checks, identifies and keeps events. */
export type Acceptor = {
  /** Keeps an event of a batch. */
  readonly submit: GroupCommit['submit'];
  /** `POST /api/events`, with one event. */
  acceptSubmission(request: SentRequest): Promise<Kept>;
  /** `POST /api/events/batch`, and `POST /api/events` with several CloudEvents. */
  openBatch(request: Omit<SentRequest, 'body'>): BatchIntake;
  /** `POST /hooks/:source`, with one event or a handshake, of which nothing is kept. */
  acceptWebhook(sourceId: string, request: IncomingRequest): Promise<Kept | Handshake>;
  /** `POST /hooks/:source`, with several CloudEvents. */
  openWebhookBatch(sourceId: string, request: IncomingRequest): BatchIntake;
  /** `POST /vital-data` */
  acceptVitalData(request: SentRequest): Promise<Kept>;
};

export type AcceptorOptions = {
  readonly commit: Pick<GroupCommit, 'submit'>;
  readonly sources: SourceRegistry;
  readonly config: Pick<IngestConfig, 'FAILURE_SIMULATION' | 'UNKNOWN_SOURCES' | 'MAX_BODY_BYTES'>;
  readonly now: () => number;
};

/**
 * Creates the acceptor of one process. Everything it refuses is a ProblemException; nothing that it refuses has
 * reached a store.
 */
export function createAcceptor(options: AcceptorOptions): Acceptor {
  const { commit, sources, config, now } = options;
  const intake = createIntake({ sources, config });
  const toEvent = (received: Received) => toAcceptedEvent({ ...received, receivedAtMs: now() });
  const parts = { maxItemBytes: config.MAX_BODY_BYTES, toEvent };

  function acceptSubmission({ headers, body, caller }: SentRequest): Promise<Kept> {
    const mode = isPlain(headers) ? undefined : toCloudEventMode(headers);
    if (mode === 'binary') {
      const carrier = toCarrier(headers, readContentType(headers), caller);
      return keep(intake.readCloudEvent(readBinaryCloudEvent({ headers, body }), carrier));
    }
    const carrier = toCarrier(headers, readJsonContentType(headers), caller);
    if (mode === 'structured') return keep(intake.readCloudEvent(readStructuredCloudEvent(body), carrier));
    return keep(intake.readSubmitted(body, carrier));
  }

  function openBatch({ headers, caller }: Omit<SentRequest, 'body'>): BatchIntake {
    const carrier = { ...toCarrier(headers, readContentType(headers), caller), via: 'batch' } as const;
    assertBatchHeaders(carrier.kept);
    return toBatchIntake(carrier, intake, parts);
  }

  async function acceptWebhook(sourceId: string, request: IncomingRequest): Promise<Kept | Handshake> {
    const webhook = verifyWebhook(sourceId, request, { sources, now });
    const { challenge } = webhook.verified;
    if (challenge === undefined) return keep(readWebhook(webhook));
    admit(webhook.source);
    return { challenge };
  }

  function openWebhookBatch(sourceId: string, request: IncomingRequest): BatchIntake {
    const webhook = verifyWebhook(sourceId, request, { sources, now });
    assertBatchHeaders(webhook.carrier.kept);
    return toCloudEventIntake((item) => readWebhookItem(webhook, item), parts);
  }

  function acceptVitalData({ headers, body, caller }: SentRequest): Promise<Kept> {
    const contentType = readJsonContentType(headers);
    const { value, exact } = readJsonBody(body);
    assertVitalData(value);
    const owner = toOwner(caller);
    const declared = findDeclared(sources, VITAL_DATA_SOURCE, owner);
    const tenant = toTenant(caller, VITAL_DATA_SOURCE, declared);
    admit(declared);
    const key = readIdempotencyKey(headers);
    const schemaVersion = readSchemaVersion(headers);
    return keep({
      tenant,
      source: VITAL_DATA_SOURCE,
      via: 'api',
      form: 'payload',
      headers: toKeptHeaders(headers, sources.credentialHeaders),
      contentType,
      body,
      payload: value,
      exact,
      key:
        key === null
          ? null
          : { value: toSentKey(key, sources.hasForeignKeys(VITAL_DATA_SOURCE, owner)), origin: 'header' },
      type: 'vitals',
      schemaVersion: schemaVersion ?? declared?.schemaVersion ?? 1,
      attributes: { schemaVersion },
      simulate: undefined,
    });
  }

  function toCarrier(headers: IncomingHeaders, contentType: string, caller: Caller): SentCarrier {
    const kept = toKeptHeaders(headers, sources.credentialHeaders);
    return readCarrier(headers, true, { via: 'api', kept, contentType, caller });
  }

  function keep(received: Received): Promise<Kept> {
    return commit.submit(toEvent(received));
  }

  return {
    submit: commit.submit,
    acceptSubmission,
    openBatch,
    acceptWebhook,
    openWebhookBatch,
    acceptVitalData,
  };
}

/** Tells without looking further that nearly every request is no CloudEvent. */
function isPlain(headers: IncomingHeaders): boolean {
  return (
    headers['content-type'] === 'application/json' &&
    headers['ce-specversion'] === undefined &&
    headers['ce-id'] === undefined
  );
}
