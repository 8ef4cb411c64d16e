import type { ErrorCode } from './errors.ts';

/** A refused request as `rejections` holds it: headers without credentials, the first 4 KiB of the body. */
export type Rejection = {
  readonly at: Date;
  /** Whose it is: that of the declared source, else of the sender's key; null where nobody knows. */
  readonly tenant: string | null;
  /** The source that was named in the path, if any. */
  readonly source: string | null;
  readonly code: ErrorCode;
  readonly status: number;
  /** The true cause, by which refusals are grouped: the code, or more where the answer hides it. */
  readonly cause: string;
  /** What the sender was told. */
  readonly detail: string;
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly remote: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};
