/** A signal that ends when another does, or when its time is over; disposing of it stops the clock. */
export type Ending = Disposable & { readonly signal: AbortSignal };

/**
 * Ends with `signal`, and after `ms` at the latest. Not AbortSignal.timeout inside AbortSignal.any: nothing holds it, so
 * it may be collected and never fire.
 */
export function endAfter(signal: AbortSignal, ms: number): Ending {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, ms);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  return {
    signal: ending.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    },
  };
}
