import { type IncomingHeaders, isCredentialHeader } from './request-parts.ts';

/** What is known of headers that hold something to be hidden. */
export type HiddenHeaders = {
  /** Whether the request was for a source that nobody declares, so that any header may hold its secret. */
  readonly isOfUnknownSource: boolean;
  /** In lower case, as are `signatureHeaders`. */
  readonly credentialHeaders: ReadonlySet<string>;
  readonly signatureHeaders: ReadonlySet<string>;
};

/** How much of a header is kept, in characters. */
const MAX_VALUE_LENGTH = 1024;

/** What is shown of a request for an unknown source: what every client sends, and what deliveries are known by. */
const HARMLESS = new Set([
  ...['host', 'connection', 'date', 'user-agent', 'origin', 'expect', 'via', 'forwarded'],
  ...['accept', 'accept-encoding', 'accept-language'],
  ...['content-type', 'content-length', 'content-encoding', 'transfer-encoding'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'],
  ...['traceparent', 'x-request-id', 'x-correlation-id', 'idempotency-key', 'schema-version'],
  ...['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-time', 'webhook-id', 'webhook-timestamp'],
  ...['x-github-delivery', 'x-github-event', 'x-shopify-webhook-id', 'x-shopify-topic'],
  ...['x-slack-request-timestamp'],
]);

/** Returns the headers of a refused request as they are kept: `***` for what may be a secret or a signature. */
export function toRedactedHeaders(headers: IncomingHeaders, hidden: HiddenHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) {
      kept[name] = isHidden(name, hidden) ? '***' : String(value).slice(0, MAX_VALUE_LENGTH);
    }
  }
  return kept;
}

/** A signature that was refused may be right for other bytes, or for a source that is declared later. */
function isHidden(name: string, hidden: HiddenHeaders): boolean {
  if (isCredentialHeader(name) || name.includes('signature') || name.includes('hmac')) return true;
  if (hidden.credentialHeaders.has(name) || hidden.signatureHeaders.has(name)) return true;
  return hidden.isOfUnknownSource && !HARMLESS.has(name);
}
