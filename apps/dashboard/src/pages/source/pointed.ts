import { Failure } from '../../data/http.ts';

/** Says of a failure where in what was sent it is: the first few places, each with what is wrong there. */
export function toPointed(error: Error): Error {
  if (!(error instanceof Failure) || error.errors.length === 0) return error;
  const places = error.errors.slice(0, 5).map(({ pointer, detail }) => `${pointer}: ${detail}`);
  const more = error.errors.length - places.length;
  return new Error(`${places.join('. ')}${more > 0 ? `. And ${more} more.` : '.'}`);
}
