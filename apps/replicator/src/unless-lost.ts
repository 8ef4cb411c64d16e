import { LeaseLostError } from './ports.ts';

/**
 * Settles as `work` does, or rejects with LeaseLostError as soon as the signal is aborted, and then leaves the work
 * behind. (`Promise.race` with one promise for all would keep something of each race for as long as the lease lasts.)
 */
export function unlessLost<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const lose = () => reject(new LeaseLostError('This replicator is not the active one any more.'));
    signal.addEventListener('abort', lose, { once: true });
    if (signal.aborted) lose();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', lose));
  });
}
