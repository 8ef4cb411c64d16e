/**
 * Tells whether an `Accept` header (RFC 9110 12.5.1) takes server-sent events; without one anything is taken. The most
 * specific range that matches decides; a weight of 0 refuses.
 */
export function acceptsEvents(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const ranges = new Map(accept.split(',').map(readRange));
  const weight = ranges.get('text/event-stream') ?? ranges.get('text/*') ?? ranges.get('*/*') ?? 0;
  return weight > 0;
}

function readRange(text: string): [range: string, weight: number] {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return [range, weight === undefined ? 1 : Number(weight)];
}
