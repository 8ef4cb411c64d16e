import { isUtf8 } from 'node:buffer';
import type { AcceptedEvent } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import { readSubmission } from '@sluice/contracts/submission';
import { isFormContentType, parseFormBody } from './form-body.ts';
import { findRoundedNumbers, type RoundedNumbers } from './rounded-number.ts';
import { decodeUtf8, parseSafeJson } from './safe-json.ts';

/** The part of an accepted event that holds its bytes. */
export type EventBody = Pick<AcceptedEvent, 'body' | 'bodyEncoding'>;

/** The part of an accepted event that its payload is read from. */
export type PayloadBody = EventBody & Pick<AcceptedEvent, 'form' | 'contentType'>;

/** Tells whether a media type is JSON: `application/json` or any `+json`, whatever its parameters. */
export function isJsonContentType(contentType: string): boolean {
  const mediaType = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  return mediaType === 'application/json' || mediaType.endsWith('+json');
}

/** Returns the exact bytes of an accepted event. */
export function toBodyBytes(event: EventBody): Uint8Array {
  return Buffer.from(event.body, event.bodyEncoding ?? 'utf8');
}

/** A payload, and the numbers in it that lost digits when it was parsed, as they are now; absent when none did. */
export type WholePayload = { readonly payload: JsonValue; readonly rounded?: RoundedNumbers };

/**
 * Reads the payload of an accepted event from its bytes, and what parsing did to its numbers.
 *
 * @throws ProblemException as `readPayload` does
 */
export function readWholePayload(event: PayloadBody): WholePayload {
  if (!isJson(event)) return { payload: readPayload(event) };
  const text = toText(event);
  const { payload, exact } = readJson(event, text);
  return exact ? { payload } : { payload, rounded: findRoundedNumbers(text) };
}

/**
 * Reads the payload of an accepted event from its bytes. A submission is JSON whatever its media type; a form is an
 * object of strings. A body of another media type is its own payload: the text, or base64 when the bytes are not UTF-8.
 *
 * @throws ProblemException as `parseSafeJson`, `parseFormBody`, `decodeUtf8` and `readSubmission` do
 */
export function readPayload(event: PayloadBody): JsonValue {
  if (isJson(event)) return readJson(event, toText(event)).payload;
  if (isFormContentType(event.contentType)) return parseFormBody(toBodyBytes(event), event.contentType);
  if (event.bodyEncoding === undefined) return event.body;
  const bytes = toBodyBytes(event);
  return isUtf8(bytes) ? decodeUtf8(bytes) : event.body;
}

function toText(event: EventBody): string {
  return event.bodyEncoding === undefined ? event.body : decodeUtf8(toBodyBytes(event));
}

function isJson({ form, contentType }: PayloadBody): boolean {
  return form === 'submission' || isJsonContentType(contentType);
}

function readJson({ form }: PayloadBody, text: string): { payload: JsonValue; exact: boolean } {
  const { value, exact } = parseSafeJson(text);
  return { payload: form === 'submission' ? readSubmission(value).payload : value, exact };
}
