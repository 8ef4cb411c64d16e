import { useState } from 'react';

/** A part of the time of a chart. */
export type Span = { readonly from: string; readonly to: string };

/** Where the reader points, as the time at which a bucket begins; charts that share one point at the same time. */
export type Crosshair = {
  readonly at: string | null;
  readonly choose: (at: string | null) => void;
  /** The part that is being selected; null = none. */
  readonly span: Span | null;
  readonly select: (span: Span | null) => void;
  /** Shows a part alone; absent where that cannot be done. */
  readonly zoom?: ((span: Span) => void) | undefined;
};

/** Keeps where the reader points, for one chart or for several that are read together. */
export function useCrosshair(zoom?: (span: Span) => void): Crosshair {
  const [at, choose] = useState<string | null>(null);
  const [span, select] = useState<Span | null>(null);
  return { at, choose, span, select, zoom };
}

/** Returns which bucket a time lies in; -1 for none. Charts that are read together may have buckets of other lengths. */
export function findBucket(times: readonly string[], at: string | null): number {
  if (at === null) return -1;
  const exact = times.indexOf(at);
  if (exact !== -1) return exact;
  const atMs = Date.parse(at);
  const index = times.findLastIndex((time) => Date.parse(time) <= atMs);
  return index !== -1 && atMs < Date.parse(toBucketEnd(times, index)) ? index : -1;
}

/** Returns when a bucket ends: when the next one begins, or as long after it as the first two are apart. */
export function toBucketEnd(times: readonly string[], index: number): string {
  const next = times[index + 1];
  if (next !== undefined) return next;
  const [first = '', second = first] = times;
  return new Date(Date.parse(times[index] ?? first) + Date.parse(second) - Date.parse(first)).toISOString();
}
