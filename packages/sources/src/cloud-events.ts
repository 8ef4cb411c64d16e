import type { IncomingHttpHeaders } from 'node:http';
import { ProblemException } from '@sluice/contracts/errors';
import { SOURCE_ID_PATTERN } from '@sluice/contracts/event';
import { isJsonObject, type JsonObject, type JsonValue } from '@sluice/contracts/json';
import { isFormContentType, parseFormBody } from '@sluice/normalizer/form-body';
import { toPointer } from '@sluice/normalizer/json-pointer';
import { decodePercent, encodePercent } from '@sluice/normalizer/percent-encoding';
import { decodeUtf8, parseSafeJson } from '@sluice/normalizer/safe-json';
import { assertTextCharset } from '@sluice/normalizer/text-charset';
import { type AttributeFault, type CloudEventAttributes, readAttributes } from './cloud-event-attributes.ts';
import { sliceMember } from './poll/json-slice.ts';

/*
 * The library `cloudevents` 10.0.0 is not used here, only by the tests as the sender: its parsing loses digits of large
 * numbers, decodes base64 wrongly, makes up an id, a time or a version that is missing, and decodes no header.
 */

/** How a request carries CloudEvents. */
export type CloudEventMode = 'binary' | 'structured' | 'batched';

/** A CloudEvent 1.0, whatever mode it came in, with its data as the binary mode would carry it. */
export type CloudEvent = CloudEventAttributes & {
  /** Idempotency key: source and id, which are unique together. */
  readonly key: string;
  /** Media type of `body`; application/json where the event names none. */
  readonly dataContentType: string;
  /** The exact bytes of the data; `null` as JSON when the event has none. */
  readonly body: Buffer;
  /** The parsed data; undefined when it is neither JSON nor a form. */
  readonly payload: JsonValue | undefined;
  /** As `parseSafeJson` says; false when the data is neither JSON nor a form. */
  readonly exact: boolean;
};

/** The data of an event, and how it is to be read. */
type Data = Pick<CloudEvent, 'dataContentType' | 'body' | 'payload' | 'exact'>;

const JSON_TYPE = 'application/json';
const BINARY_PREFIX = 'ce-';
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const NO_DATA: Data = { dataContentType: JSON_TYPE, body: Buffer.from('null'), payload: null, exact: true };

/**
 * Tells how a request carries CloudEvents, by its media type, else by its `ce-` headers; undefined when it carries none
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md).
 *
 * @throws ProblemException ERR_MEDIA_TYPE for an event format other than JSON
 */
export function toCloudEventMode(headers: IncomingHttpHeaders): CloudEventMode | undefined {
  const mediaType = toMediaType(headers['content-type'] ?? '');
  if (mediaType === 'application/cloudevents+json') return 'structured';
  if (mediaType === 'application/cloudevents-batch+json') return 'batched';
  if (mediaType.startsWith('application/cloudevents')) {
    throw new ProblemException('ERR_MEDIA_TYPE', 'CloudEvents must be in JSON, or in binary mode.');
  }
  const has = (name: string) => headers[`${BINARY_PREFIX}${name}`] !== undefined;
  return has('specversion') || ['id', 'source', 'type'].every(has) ? 'binary' : undefined;
}

/**
 * Reads the CloudEvent of a request in binary mode. No signature covers its headers.
 *
 * @throws ProblemException ERR_HEADER_INVALID, and what `parseSafeJson`, `decodeUtf8`, `parseFormBody` and
 * `assertTextCharset` throw
 */
export function readBinaryCloudEvent(request: {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}): CloudEvent {
  const { headers, body } = request;
  const given = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(BINARY_PREFIX) && typeof value === 'string') {
      given.set(name.slice(BINARY_PREFIX.length), decodeHeader(value));
    }
  }
  // In this mode Content-Type is the attribute, whatever another header says.
  given.set('datacontenttype', headers['content-type'] ?? null);
  const read = readAttributes(given);
  if ('faults' in read) throw toHeaderProblem(read.faults);
  const contentType = toContentType(read.attributes.dataContentType);
  return toCloudEvent(read.attributes, body.length === 0 ? NO_DATA : readDataBytes(body, contentType));
}

/**
 * Reads a CloudEvent in structured mode, or one item of a batch, from its JSON
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).
 *
 * @throws ProblemException ERR_BODY_INVALID, and what `parseSafeJson`, `decodeUtf8`, `parseFormBody` and
 * `assertTextCharset` throw
 */
export function readStructuredCloudEvent(body: Uint8Array): CloudEvent {
  return readEnvelope(decodeUtf8(body));
}

/** Returns the headers of the binary mode that say what an event says of itself, to be kept with its data. */
export function toCloudEventHeaders(event: CloudEventAttributes): Record<string, string> {
  const { ceSource, id, type, time, subject, dataSchema, extensions } = event;
  const all = {
    specversion: '1.0',
    id,
    source: ceSource,
    type,
    time,
    subject,
    dataschema: dataSchema,
    ...extensions,
  };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined) headers[`${BINARY_PREFIX}${name}`] = encodePercent(String(value));
  }
  return headers;
}

/** Makes the id of a source of ours from the `source` of a CloudEvent: other characters become `-`, 64 at most. */
export function toSourceId(ceSource: string): string {
  const id = ceSource.replace(/[^A-Za-z0-9_.-]/gu, '-').slice(0, 64);
  return SOURCE_ID_PATTERN.test(id) ? id : id.replaceAll('.', '-');
}

function toCloudEvent(attributes: CloudEventAttributes, data: Data): CloudEvent {
  // A source holds no space: two pairs never make the same key.
  return { ...attributes, ...data, key: `${attributes.ceSource} ${attributes.id}` };
}

/** Undoes the quotes of older senders first, as the binding says. */
function decodeHeader(value: string): string {
  const [, quoted] = QUOTED.exec(value) ?? [];
  return decodePercent(quoted === undefined ? value : quoted.replace(/\\(.)/g, '$1'));
}

function readEnvelope(text: string): CloudEvent {
  const { value, exact } = parseSafeJson(text);
  if (!isJsonObject(value)) throw invalid([{ name: '', detail: 'expected an object' }]);
  const given = new Map(Object.entries(value));
  for (const name of ['data', 'data_base64']) given.delete(name);
  const read = readAttributes(given);
  if ('faults' in read) throw invalid(read.faults);
  return toCloudEvent(
    read.attributes,
    readData(value, toContentType(read.attributes.dataContentType), text, exact),
  );
}

function readData(envelope: JsonObject, contentType: string, text: string, exact: boolean): Data {
  const { data = null, data_base64: encoded = null } = envelope;
  if (encoded !== null) {
    if (data !== null) throw invalid([{ name: 'data', detail: 'expected either data or data_base64' }]);
    if (typeof encoded !== 'string' || !BASE64.test(encoded)) {
      throw invalid([{ name: 'data_base64', detail: 'expected base64' }]);
    }
    return encoded === '' ? NO_DATA : readDataBytes(Buffer.from(encoded, 'base64'), contentType);
  }
  if (data === null) return NO_DATA;
  if (isJson(contentType)) {
    // The text itself: written again, large numbers would lose digits.
    const slice = sliceMember(text, 'data') ?? 'null';
    const isExact = exact || parseSafeJson(slice).exact;
    return { dataContentType: contentType, body: Buffer.from(slice), payload: data, exact: isExact };
  }
  // A text in JSON is decoded already, whatever charset its type names; a form says how it was escaped.
  if (typeof data === 'string' && isFormContentType(contentType)) {
    return readDataBytes(Buffer.from(data), contentType);
  }
  if (typeof data === 'string') {
    return { dataContentType: contentType, body: Buffer.from(data), payload: undefined, exact: false };
  }
  throw invalid([{ name: 'data', detail: 'expected a string, because datacontenttype is not JSON' }]);
}

function readDataBytes(body: Buffer, contentType: string): Data {
  if (isFormContentType(contentType)) {
    return { dataContentType: contentType, body, payload: parseFormBody(body, contentType), exact: true };
  }
  if (!isJson(contentType)) {
    assertTextCharset(contentType);
    return { dataContentType: contentType, body, payload: undefined, exact: false };
  }
  const { value, exact } = parseSafeJson(decodeUtf8(body));
  return { dataContentType: contentType, body, payload: value, exact };
}

/** What CloudEvents call JSON includes `text/json`, which nothing further on knows. */
function toContentType(dataContentType: string | undefined): string {
  if (dataContentType === undefined) return JSON_TYPE;
  const mediaType = toMediaType(dataContentType);
  return mediaType.endsWith('/json') && mediaType !== JSON_TYPE ? JSON_TYPE : dataContentType;
}

function isJson(contentType: string): boolean {
  return /[/+]json$/.test(toMediaType(contentType));
}

function toMediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function invalid(faults: readonly AttributeFault[]): ProblemException {
  const errors = faults.map(({ name, detail }) => ({
    pointer: name === '' ? '' : toPointer([name]),
    detail,
  }));
  return new ProblemException('ERR_BODY_INVALID', 'The body is not a CloudEvent 1.0.', { errors });
}

function toHeaderProblem(faults: readonly AttributeFault[]): ProblemException {
  const told = faults.map(({ name, detail }) =>
    name === 'datacontenttype' ? `Content-Type: ${detail}` : `${BINARY_PREFIX}${name}: ${detail}`,
  );
  return new ProblemException(
    'ERR_HEADER_INVALID',
    `The headers are not a CloudEvent 1.0: ${told.join('; ')}.`,
  );
}
