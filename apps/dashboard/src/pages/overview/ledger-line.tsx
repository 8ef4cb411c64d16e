import type { Ledger } from '@sluice/contracts/api';
import { formatCount } from '../../ui/numbers.ts';
import styles from './ledger-line.module.css';

/** So many lost batches are named. */
const MAX_NAMED = 3;

/** Writes the ledger as one sum, and says whether it balances: the promise of Sluice is that nothing is lost. */
export function LedgerLine({ ledger }: { readonly ledger: Ledger }) {
  const { accepted, normalized, duplicate, dead, inFlight, unaccounted, balanced, complete } = ledger;
  const lost = ledger.unaccountedBatches.slice(0, MAX_NAMED);
  const wrong = unaccounted > 0 || !balanced;
  const parts = [
    ['normalized', normalized],
    ['duplicate', duplicate],
    ['dead', dead],
    ['in flight', inFlight],
  ] as const;
  return (
    <section className={styles['ledger']} data-wrong={wrong} aria-label="Ledger">
      <h2>Ledger, since the first event</h2>
      <p>
        accepted <b>{formatCount(accepted)}</b> ={' '}
        {parts.map(([name, count], index) => (
          <span key={name}>
            {index > 0 && ' + '}
            {name} <b>{formatCount(count)}</b>
          </span>
        ))}
        {unaccounted > 0 && (
          <span>
            {' '}
            + unaccounted <b>{formatCount(unaccounted)}</b>
          </span>
        )}
      </p>
      <p className={styles['verdict']}>
        {wrong ? (
          <strong role="alert">
            ⬣ {unaccounted > 0 ? `${formatCount(unaccounted)} unaccounted` : 'does not balance'}
          </strong>
        ) : complete ? (
          <>unaccounted 0 ✓</>
        ) : (
          <>counting: too much waits to look up every batch</>
        )}
      </p>
      {lost.length > 0 && (
        <p className={styles['lost']}>
          Neither in the queue nor settled: {ledger.unaccountedBatches.length === 1 ? 'batch ' : 'batches '}
          {lost.map(({ instance, seq }) => `${instance}-${seq}`).join(', ')}
          {ledger.unaccountedBatches.length > lost.length && ' and others'}.
        </p>
      )}
    </section>
  );
}
