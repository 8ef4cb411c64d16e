import type { IncomingHttpHeaders } from 'node:http';

/** Why a request is not taken for one of its source; kept with the rejection, never told to the sender. */
export type RefusalReason =
  | 'no-live-secret'
  | 'signature-missing'
  | 'signature-malformed'
  | 'signature-mismatch'
  | 'timestamp-missing'
  | 'timestamp-malformed'
  | 'timestamp-out-of-tolerance'
  | 'header-malformed';

/** A request as it came: headers as Node gives them, the exact bytes, the secrets that are live now, our time. */
export type SignedRequest = {
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly secrets: readonly string[];
  /** Epoch milliseconds. */
  readonly nowMs: number;
};

/**
 * What a scheme found: the provider's id and type of the event where the request names them, or why not. Only
 * `header-malformed` is said of a request whose signature is good. With a `challenge` the request is no event: the
 * provider asks whether the address is right, and wants to hear the challenge back.
 */
export type Verification =
  | { readonly ok: true; readonly key?: string; readonly type?: string; readonly challenge?: string }
  | { readonly ok: false; readonly reason: RefusalReason };

/** One way of signing requests. */
export type Scheme = {
  /** Checks a request; never throws, whatever it holds. */
  verify(request: SignedRequest): Verification;
};
