import { ProblemException } from '@sluice/contracts/errors';

/**
 * A part of a batch: the exact bytes of an item, an item that cannot be taken, or the place where the batch breaks
 * off. Nothing follows a break.
 */
export type Piece =
  | { readonly kind: 'item'; readonly bytes: Buffer; readonly offset: number }
  | { readonly kind: 'refused'; readonly problem: ProblemException }
  | { readonly kind: 'break'; readonly problem: ProblemException };

/** Cuts a batch into its items as its bytes arrive. It holds the bytes of one item at most. */
export type Splitter = {
  /** Returns the pieces that end in this chunk. */
  push(chunk: Buffer): Iterable<Piece>;
  /** Returns what is left when the body has ended. */
  end(): Iterable<Piece>;
};

/** Makes the piece of an item that is larger than one event may be. */
export function toOversized(maxItemBytes: number): Piece {
  const problem = new ProblemException('ERR_BODY_TOO_LARGE', `An event may have ${maxItemBytes} bytes.`);
  return { kind: 'refused', problem };
}
