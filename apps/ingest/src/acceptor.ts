import { ProblemException } from '@sluice/contracts/errors';
import { DEFAULT_TENANT, VITAL_DATA_SOURCE } from '@sluice/contracts/event';
import { readSubmission } from '@sluice/contracts/submission';
import { isJsonContentType } from '@sluice/normalizer/read-payload';
import { type Incoming, toAcceptedEvent } from '@sluice/protocol/accepted-event';
import type { GroupCommit, Kept } from '@sluice/protocol/group-commit';
import { SCHEMES } from '@sluice/sources/schemes/registry';
import type { IngestConfig } from './config.ts';
import { readContentType, readJsonContentType } from './media-type.ts';
import {
  type IncomingHeaders,
  readIdempotencyKey,
  readJsonBody,
  readSchemaVersion,
  toKeptHeaders,
} from './request-parts.ts';
import type { KnownSource, SourceRegistry } from './source-registry.ts';
import { assertVitalData } from './vital-data.ts';

/** A request as the routes hand it over. */
export type IncomingRequest = { readonly headers: IncomingHeaders; readonly body: Buffer };

/** What the three ways in do: each checks, identifies and keeps one event. */
export type Acceptor = {
  /** `POST /api/events` */
  acceptSubmission(request: IncomingRequest): Promise<Kept>;
  /** `POST /hooks/:source` */
  acceptWebhook(sourceId: string, request: IncomingRequest): Promise<Kept>;
  /** `POST /vital-data` */
  acceptVitalData(request: IncomingRequest): Promise<Kept>;
};

export type AcceptorOptions = {
  readonly commit: Pick<GroupCommit, 'submit'>;
  readonly sources: SourceRegistry;
  readonly config: Pick<IngestConfig, 'FAILURE_SIMULATION' | 'UNKNOWN_SOURCES'>;
  readonly now: () => number;
};

/**
 * Creates the acceptor of one process. Everything it refuses is a ProblemException; nothing that it refuses has
 * reached a store.
 */
export function createAcceptor(options: AcceptorOptions): Acceptor {
  const { commit, sources, config, now } = options;

  function acceptSubmission({ headers, body }: IncomingRequest): Promise<Kept> {
    const contentType = readJsonContentType(headers);
    const { value, exact } = readJsonBody(body);
    const submission = readSubmission(value);
    if (submission.simulate !== undefined && config.FAILURE_SIMULATION === 'off') {
      throw new ProblemException('ERR_SIMULATION_OFF');
    }
    const declared = sources.find(submission.source);
    if (declared === undefined && config.UNKNOWN_SOURCES === 'reject') {
      throw new ProblemException('ERR_SOURCE_UNKNOWN');
    }
    const key = readIdempotencyKey(headers);
    return keep({
      tenant: declared?.tenant ?? DEFAULT_TENANT,
      source: submission.source,
      via: 'api',
      form: 'submission',
      headers: toKeptHeaders(headers),
      contentType,
      body,
      payload: submission.payload,
      exact,
      key: key === null ? null : { value: toOwnKey(key, submission.source), origin: 'header' },
      type: submission.type ?? declared?.type,
      schemaVersion: submission.schemaVersion ?? readSchemaVersion(headers) ?? declared?.schemaVersion ?? 1,
      simulate: submission.simulate,
    });
  }

  function acceptWebhook(sourceId: string, { headers, body }: IncomingRequest): Promise<Kept> {
    const source = sources.find(sourceId);
    if (source === undefined) throw toSignatureProblem('unknown-source');
    const verified = SCHEMES[source.scheme].verify({ headers, body, secrets: source.secrets.readLive() });
    // Said only to whom the signature vouches for.
    if (!verified.ok && verified.reason === 'header-malformed')
      throw new ProblemException('ERR_HEADER_INVALID');
    if (!verified.ok) throw toSignatureProblem(verified.reason);
    if (body.length === 0) throw new ProblemException('ERR_BODY_EMPTY');
    const contentType = readContentType(headers);
    const json = isJsonContentType(contentType) ? readJsonBody(body) : undefined;
    if (json === undefined && contentType === '') readJsonContentType(headers);
    return keep({
      tenant: source.tenant,
      source: source.id,
      via: 'webhook',
      form: 'payload',
      headers: toKeptHeaders(headers),
      contentType,
      body,
      payload: json?.value,
      exact: json?.exact ?? false,
      key: toWebhookKey(source, verified.key, headers),
      type: verified.type ?? source.type,
      schemaVersion: readSchemaVersion(headers) ?? source.schemaVersion,
      simulate: undefined,
    });
  }

  function acceptVitalData({ headers, body }: IncomingRequest): Promise<Kept> {
    const contentType = readJsonContentType(headers);
    const { value, exact } = readJsonBody(body);
    assertVitalData(value);
    const declared = sources.find(VITAL_DATA_SOURCE);
    const key = readIdempotencyKey(headers);
    return keep({
      tenant: declared?.tenant ?? DEFAULT_TENANT,
      source: VITAL_DATA_SOURCE,
      via: 'api',
      form: 'payload',
      headers: toKeptHeaders(headers),
      contentType,
      body,
      payload: value,
      exact,
      key: key === null ? null : { value: key, origin: 'header' },
      type: 'vitals',
      schemaVersion: readSchemaVersion(headers) ?? declared?.schemaVersion ?? 1,
      simulate: undefined,
    });
  }

  /**
   * Keeps a key that anybody can choose apart from those of the source itself: else whoever guesses the id of its
   * next delivery could make that look like a reused key.
   */
  function toOwnKey(key: string, source: string): string {
    return sources.hasForeignKeys(source) ? `api:${key}` : key;
  }

  function keep(incoming: Omit<Incoming, 'receivedAtMs'>): Promise<Kept> {
    return commit.submit(toAcceptedEvent({ ...incoming, receivedAtMs: now() }));
  }

  return { acceptSubmission, acceptWebhook, acceptVitalData };
}

/** The same answer for an unknown source: who may not send need not learn which sources there are. */
function toSignatureProblem(cause: string): ProblemException {
  return new ProblemException('ERR_SIGNATURE_INVALID', undefined, { cause });
}

/** A signed source's key must be one that the signature vouches for; `Idempotency-Key` is not. */
function toWebhookKey(source: KnownSource, providerKey: string | undefined, headers: IncomingHeaders) {
  if (providerKey !== undefined) return { value: providerKey, origin: 'provider' } as const;
  const key = source.scheme === 'none' ? readIdempotencyKey(headers) : null;
  return key === null ? null : ({ value: key, origin: 'header' } as const);
}
