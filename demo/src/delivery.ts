import type { ErrorCode } from '@sluice/contracts/errors';
import type { DuplicateLevel } from '@sluice/contracts/status';

/**
 * What has to become of a delivery, known before it is sent: `merged` = a repeat, answered `duplicate: true`. Of
 * deliveries that are duplicates of one another any may come first; what counts is how many there are of each.
 */
export type Fate =
  | { readonly kind: 'normalized' }
  | { readonly kind: 'duplicate'; readonly level: DuplicateLevel }
  | { readonly kind: 'merged' }
  | { readonly kind: 'dead' }
  | { readonly kind: 'rejected'; readonly code: ErrorCode };

/** One request to ingest. */
export type Delivery = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly fate: Fate;
};

/** Makes a delivery of JSON. */
export function toJsonDelivery(path: string, body: unknown, fate: Fate): Delivery {
  return toTextDelivery(path, JSON.stringify(body), fate);
}

/** Makes a delivery of a text that claims to be JSON. */
export function toTextDelivery(path: string, body: string, fate: Fate): Delivery {
  return { path, headers: { 'content-type': 'application/json' }, body, fate };
}
