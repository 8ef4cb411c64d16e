import { type Ledger, statsSchema } from '@sluice/contracts/api';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { Paint } from '../paint.ts';
import type { Act } from '../session.ts';
import { formatCount, renderTable } from '../table.ts';

/** Adds `sluice ledger`. */
export function addLedgerCommand(program: Command, act: Act): void {
  program
    .command('ledger')
    .summary('Check that nothing is lost.')
    .description(
      'Check that nothing is lost: accepted = normalized + duplicate + dead + in flight. Ends with 1 when that is not so, or when a batch is unaccounted for.',
    )
    .action(
      act(async ({ connect, output }) => {
        const api = await connect();
        const { ledger } = (await api.ask({ path: '/api/events/stats' }, statsSchema)).value;
        output.answer(ledger, () => renderLedger(ledger, output.paint));
        return ledger.balanced && ledger.unaccounted === 0 ? EXIT.ok : EXIT.no;
      }),
    );
}

function renderLedger(ledger: Ledger, paint: Paint): string {
  const { accepted, normalized, duplicate, dead, inFlight, merged, unaccounted } = ledger;
  const rows = [
    ['accepted', accepted, 'new events that are kept'],
    ['normalized', normalized, 'became records'],
    ['duplicate', duplicate, 'the same as another event'],
    ['dead', dead, dead === 0 ? '' : 'need a person: sluice events list --status dead'],
    ['in flight', inFlight, inFlight === 0 ? '' : 'on their way'],
    ['merged', merged, 'repeats of known events, not among the accepted'],
    ['unaccounted', unaccounted, unaccounted === 0 ? '' : 'neither in the queue nor settled'],
  ] as const;
  const columns = [{ title: '' }, { title: 'events', align: 'right' }, { title: '' }] as const;
  const table = renderTable(
    columns,
    rows.map(([name, count, meaning]) => [name, formatCount(count), meaning]),
    paint,
  );
  return `${table}\n${toVerdict(ledger, paint)}`;
}

function toVerdict(ledger: Ledger, paint: Paint): string {
  const { balanced, complete, unaccounted, unaccountedBatches } = ledger;
  if (unaccounted > 0) {
    const names = unaccountedBatches.map(({ instance, seq }) => `${instance} ${seq}`).join(', ');
    return paint('red', `${formatCount(unaccounted)} events are unaccounted for, of the batches ${names}.`);
  }
  if (!balanced) return paint('red', 'The ledger does not balance.');
  const rest = complete ? '' : ' So much waits that not every batch was looked up; those count as in flight.';
  return `${paint('green', 'The ledger balances; nothing is unaccounted for.')}${rest}`;
}
