import { isUtf8 } from 'node:buffer';
import { ProblemException } from '@sluice/contracts/errors';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import { type PayloadBody, readPayload, toBodyBytes } from '@sluice/normalizer/read-payload';

/** A payload as it is shown; `payloadNote` says why it is not, or not as JSON. */
export type ShownPayload = { readonly payload: JsonValue; readonly payloadNote: string | null };

/** The largest body whose payload is shown, in bytes. */
const MAX_SHOWN_BYTES = 256 * 1024;

/** Reads a payload in order to show it: JSON, or text where it is none; null when it is too large. */
export function toShownPayload(event: PayloadBody): ShownPayload {
  const { byteLength } = toBodyBytes(event);
  if (byteLength > MAX_SHOWN_BYTES) {
    const payloadNote = `The body has ${byteLength} bytes; at most ${MAX_SHOWN_BYTES} are shown.`;
    return { payload: null, payloadNote };
  }
  try {
    return { payload: readPayload(event), payloadNote: null };
  } catch (error) {
    if (!(error instanceof ProblemException)) throw error;
    return { payload: event.body, payloadNote: `Shown as text, because it cannot be read: ${error.message}` };
  }
}

/** Returns a stored event's body in the form in which it travels. */
export function toPayloadBody({
  body,
  form,
  contentType,
}: Pick<RawEventDocument, 'body' | 'form' | 'contentType'>): PayloadBody {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return isUtf8(bytes)
    ? { form, contentType, body: bytes.toString('utf8') }
    : { form, contentType, body: bytes.toString('base64'), bodyEncoding: 'base64' };
}
