import { isUtf8 } from 'node:buffer';
import { ProblemException } from '@sluice/contracts/errors';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import { type PayloadBody, readWholePayload, toBodyBytes } from '@sluice/normalizer/read-payload';
import { holdsRounded } from '@sluice/normalizer/rounded-number';
import { sliceMember } from '@sluice/sources/poll/json-slice';

/** A payload as it is shown; `payloadNote` says why it is not, or not as JSON. */
export type ShownPayload = { readonly payload: JsonValue; readonly payloadNote: string | null };

/** The largest body whose payload is shown, in bytes. */
const MAX_SHOWN_BYTES = 256 * 1024;

const INEXACT_NOTE =
  'Shown as text, exactly as it was sent: it holds numbers with more digits than JSON readers keep.';

/**
 * Reads a payload in order to show it: JSON, or text where it is none or would show other numbers than were sent; null
 * when it is too large.
 */
export function toShownPayload(event: PayloadBody): ShownPayload {
  const { byteLength } = toBodyBytes(event);
  if (byteLength > MAX_SHOWN_BYTES) {
    const payloadNote = `The body has ${byteLength} bytes; at most ${MAX_SHOWN_BYTES} are shown.`;
    return { payload: null, payloadNote };
  }
  try {
    const { payload, rounded } = readWholePayload(event);
    if (!holdsRounded(payload, rounded)) return { payload, payloadNote: null };
    return { payload: toExactText(event), payloadNote: INEXACT_NOTE };
  } catch (error) {
    if (!(error instanceof ProblemException)) throw error;
    return { payload: event.body, payloadNote: `Shown as text, because it cannot be read: ${error.message}` };
  }
}

/** Returns the text of a payload in JSON as it was sent. */
function toExactText(event: PayloadBody): string {
  const text = Buffer.from(toBodyBytes(event)).toString('utf8');
  return (event.form === 'submission' ? sliceMember(text, 'payload') : undefined) ?? text;
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
