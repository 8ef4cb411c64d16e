import { NoAnswerError } from '@sluice/contracts/unavailable';
import type { Abortable, CommandOperationOptions } from 'mongodb';
import { toStoreError } from './store-error.ts';

/**
 * Runs work on MongoDB that must not take longer than `timeoutMs`. The signal ends waiting for a server, for a
 * connection and for an answer where the driver listens to it; the caller is released even where it does not,
 * which matters because the driver's own `timeoutMS` has no effect.
 *
 * @throws NoAnswerError when the time is over, another DependencyAwayError when MongoDB is away; whether a write was done is
 * then unknown
 */
export async function within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new NoAnswerError('mongodb', `MongoDB did not answer within ${timeoutMs} ms.`);
    silence.reject(error);
    controller.abort(error);
  }, timeoutMs);
  try {
    return await Promise.race([work(controller.signal), silence.promise]);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes a signal the options of a write: the driver listens to it there too, but does not declare it. */
export function toWriteOptions(signal: AbortSignal): Pick<CommandOperationOptions, 'maxTimeMS'> & Abortable {
  return { signal };
}
