import type { Splitter } from '../src/batch/splitter.ts';

/** A piece as tests write it down: the text of an item, or the code of what it is instead. */
type Written = string | { readonly refused: string } | { readonly break: string };

/** Runs a splitter over chunks. */
export function splitAll(splitter: Splitter, chunks: readonly Buffer[]): Written[] {
  const pieces = [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
  return pieces.map((piece) => {
    if (piece.kind === 'item') return piece.bytes.toString('utf8');
    return piece.kind === 'break' ? { break: piece.problem.code } : { refused: piece.problem.code };
  });
}

/** Cuts bytes at places from 0 (the beginning) to 1 (the end). */
export function toChunks(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = places.map((place) => Math.floor(place * bytes.length)).sort((left, right) => left - right);
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
}
