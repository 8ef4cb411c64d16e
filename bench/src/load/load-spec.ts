import type { Latency } from './latencies.ts';
import type { RequestSpec } from './request.ts';

/** What a load generator is told to send. */
export type LoadSpec = RequestSpec & {
  readonly url: string;
  readonly connections: number;
  /** Sent before the measuring begins, for the processes to warm up. */
  readonly warmupSeconds: number;
  readonly seconds: number;
  /**
   * Requests per second, sent when they are due whether or not earlier ones are answered (an open loop). Null: each
   * connection sends its next request when the last is answered (a closed loop).
   */
  readonly perSecond: number | null;
  /** The number of the first request; the following ones count on. */
  readonly from: number;
  /** A closed loop ends after so many requests even if there is time left. */
  readonly maxRequests: number;
};

/** What a load brought. */
export type LoadResult = {
  readonly sent: number;
  /** Answered with the status asked for, and with any other; both include the warming up. */
  readonly accepted: number;
  readonly refused: number;
  /** The part of it that was measured. */
  readonly measured: {
    readonly accepted: number;
    readonly seconds: number;
    /** From sending to the answer; in an open loop from when the request was due. */
    readonly latency: Latency | null;
    /** How late requests left in an open loop; null in a closed one. */
    readonly lateness: Latency | null;
  };
};

/** Names what a figure should tell of the load that it comes from. */
export function describeLoad({ refused, measured: { lateness } }: LoadResult): Record<string, number> {
  return { refused, ...(lateness === null ? {} : { 'sent late p99, ms': lateness.p99Ms }) };
}

/** What a load generator tells while it works. */
export type LoadMessage =
  | { readonly kind: 'measuring' }
  | { readonly kind: 'progress'; readonly accepted: number }
  | { readonly kind: 'done'; readonly result: LoadResult };
