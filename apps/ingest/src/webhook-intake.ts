import { ProblemException } from '@sluice/contracts/errors';
import { parseFormBody } from '@sluice/normalizer/form-body';
import { assertTextCharset } from '@sluice/normalizer/text-charset';
import {
  readBinaryCloudEvent,
  readStructuredCloudEvent,
  toCloudEventMode,
} from '@sluice/sources/cloud-events';
import type { Verification } from '@sluice/sources/schemes/scheme';
import { admit, type Carrier, type Received, readCarrier, toCloudEventParts } from './intake.ts';
import { readContentType, toBodyKind } from './media-type.ts';
import { UNKNOWN_SOURCE } from './refusal.ts';
import { type IncomingHeaders, readJsonBody, toKeptHeaders } from './request-parts.ts';
import { type KnownSource, type SourceRegistry, toNotKnownYet, toUnsure } from './source-registry.ts';

/** A request as it came. */
export type IncomingRequest = { readonly headers: IncomingHeaders; readonly body: Buffer };

/** A webhook that is what its source sends. */
export type Webhook = IncomingRequest & {
  readonly source: KnownSource;
  readonly verified: Extract<Verification, { ok: true }>;
  readonly carrier: Carrier;
};

/**
 * Checks that a request comes from the source that its address names, by its raw bytes, and that the source may send
 * such a body.
 *
 * @throws ProblemException ERR_SIGNATURE_INVALID, ERR_UNAVAILABLE or ERR_SOURCE_UNREADABLE where that cannot be said
 * here, and what only those are told for whom the signature vouches
 */
export function verifyWebhook(
  sourceId: string,
  { headers, body }: IncomingRequest,
  { sources, now }: { readonly sources: SourceRegistry; readonly now: () => number },
): Webhook {
  const source = sources.find(sourceId, null);
  if (source === undefined) {
    throw sources.mayExist(sourceId, null) ? toUnsure(sources) : toSignatureProblem(UNKNOWN_SOURCE);
  }
  const secrets = source.secrets?.readLive();
  if (secrets === undefined) throw toNotKnownYet();
  const verified = source.scheme.verify({ headers, body, secrets, nowMs: now() });
  if (!verified.ok && verified.reason === 'header-malformed')
    throw new ProblemException('ERR_HEADER_INVALID');
  if (!verified.ok) throw toSignatureProblem(verified.reason);
  if (body.length === 0) throw new ProblemException('ERR_BODY_EMPTY');
  const contentType = readContentType(headers);
  toBodyKind(contentType, source.bodies);
  const kept = toKeptHeaders(headers, sources.credentialHeaders);
  // A signed source's key must be one that the signature vouches for; `Idempotency-Key` is not.
  const carrier = readCarrier(headers, source.vouchesForHeaders, { via: 'webhook', kept, contentType });
  return { headers, body, source, verified, carrier };
}

/**
 * Reads the one event of a webhook.
 *
 * @throws ProblemException
 */
export function readWebhook(webhook: Webhook): Received {
  const { source, headers, body, verified, carrier } = webhook;
  // Before anything is parsed: whoever comes too often shall cost little.
  admit(source);
  const mode = toCloudEventMode(headers);
  if (mode !== undefined) {
    const event =
      mode === 'binary' ? readBinaryCloudEvent({ headers, body }) : readStructuredCloudEvent(body);
    const received = toCloudEventReceived(webhook, event);
    return verified.key === undefined ? received : { ...received, key: toProviderKey(verified.key) };
  }
  const content = readContent(webhook);
  return {
    tenant: source.tenant,
    source: source.id,
    via: carrier.via,
    form: 'payload',
    headers: carrier.kept,
    contentType: carrier.contentType,
    body,
    ...content,
    key: toKey(verified.key, carrier.key),
    type: verified.type ?? source.type,
    schemaVersion: carrier.schemaVersion ?? source.schemaVersion,
    attributes: { type: verified.type, schemaVersion: carrier.schemaVersion },
    simulate: undefined,
  };
}

/**
 * Reads one CloudEvent of a webhook that carries a batch of them: each has a key of its own.
 *
 * @throws ProblemException
 */
export function readWebhookItem(webhook: Webhook, item: Buffer): Received {
  admit(webhook.source);
  return toCloudEventReceived(webhook, readStructuredCloudEvent(item));
}

function toCloudEventReceived(
  { source, carrier }: Webhook,
  event: ReturnType<typeof readStructuredCloudEvent>,
): Received {
  return {
    ...toCloudEventParts(event, carrier),
    tenant: source.tenant,
    source: source.id,
    key: toProviderKey(event.key),
    schemaVersion: carrier.schemaVersion ?? source.schemaVersion,
  };
}

/** A body that is neither JSON nor a form is its own payload, known by its bytes. */
function readContent({
  source,
  body,
  carrier: { contentType },
}: Webhook): Pick<Received, 'payload' | 'exact'> {
  const kind = toBodyKind(contentType, source.bodies);
  if (kind === 'text') {
    assertTextCharset(contentType);
    return { payload: undefined, exact: false };
  }
  if (kind === 'form') return { payload: parseFormBody(body, contentType), exact: true };
  const { value, exact } = readJsonBody(body);
  return { payload: value, exact };
}

function toKey(providerKey: string | undefined, ownKey: string | null): Received['key'] {
  if (providerKey !== undefined) return toProviderKey(providerKey);
  return ownKey === null ? null : { value: ownKey, origin: 'header' };
}

function toProviderKey(value: string) {
  return { value, origin: 'provider' } as const;
}

/** The same answer for an unknown source: who may not send need not learn which sources there are. */
function toSignatureProblem(cause: string): ProblemException {
  return new ProblemException('ERR_SIGNATURE_INVALID', undefined, { cause });
}
