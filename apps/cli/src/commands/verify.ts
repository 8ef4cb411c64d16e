import { type FullSync, type FullSyncRequest, fullSyncSchema } from '@sluice/contracts/full-sync';
import {
  DEFAULT_COMPARED_PER_SECOND,
  MAX_COMPARED_PER_SECOND,
  MIN_COMPARED_PER_SECOND,
} from '@sluice/contracts/full-sync-rate';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { followFullSync, renderFullSync } from '../follow-full-sync.ts';
import { wholeNumber } from '../read-options.ts';
import type { Act } from '../session.ts';

type VerifyOptions = {
  readonly mend?: boolean;
  readonly confirmDeletes?: boolean;
  readonly adoptDataset?: boolean;
  readonly rate?: number;
  readonly reason: string;
  readonly wait: boolean;
};

const HELP = `
Both sides are compared whole, while changes go on; a change that is only on
its way is no difference. Ctrl-C stops only the watching. Ends with 1 when the
backup differs and stays so.

Examples:
  sluice verify
  sluice verify --mend --reason "after the restore"
`;

/** Adds `sluice verify`. */
export function addVerifyCommand(program: Command, act: Act): void {
  program
    .command('verify')
    .summary('Compare the backup with the primary.')
    .description('Compare the backup with the primary, document by document, and mend it if that is wanted.')
    .option('--mend', 'Copy to the backup what differs.')
    .option('--confirm-deletes', 'With --mend: delete all that only the backup has.')
    .option('--adopt-dataset', 'With --mend: take the backup over from another dataset.')
    .option(
      '--rate <number>',
      `Documents compared a second at most (default ${DEFAULT_COMPARED_PER_SECOND}).`,
      wholeNumber(MIN_COMPARED_PER_SECOND, MAX_COMPARED_PER_SECOND),
    )
    .option('--reason <text>', 'Why, for whoever reads it later.', 'sluice verify')
    .option('--no-wait', 'Do not watch it.')
    .addHelpText('after', HELP)
    .action(
      act(async ({ connect, output, stderr, signal }, options: VerifyOptions): Promise<ExitCode> => {
        const api = await connect();
        const body = JSON.stringify(toRequest(options));
        const headers = { 'content-type': 'application/json' };
        const request = { method: 'POST', path: '/api/sync/full', headers, body } as const;
        const started = (await api.ask(request, fullSyncSchema)).value;
        let sync: FullSync = started;
        if (options.wait) {
          try {
            sync = await followFullSync(api, started, { stderr, signal });
          } catch (error) {
            if (!signal.aborted) throw error;
            throw new CliError(
              EXIT.interrupted,
              `It goes on by itself: GET /api/sync/full shows ${started.id}.`,
            );
          }
        }
        output.answer(sync, () => renderFullSync(sync, output.paint));
        return !options.wait || isInOrder(sync) ? EXIT.ok : EXIT.no;
      }),
    );
}

function toRequest({
  mend = false,
  confirmDeletes = false,
  adoptDataset = false,
  rate,
  reason,
}: VerifyOptions): Partial<FullSyncRequest> {
  if (!mend && (confirmDeletes || adoptDataset)) {
    throw new CliError(EXIT.usage, '--confirm-deletes and --adopt-dataset go with --mend.');
  }
  const pace = rate === undefined ? {} : { ratePerSecond: rate };
  return { mode: mend ? 'copy' : 'verify', confirmDeletes, adoptDataset, reason, ...pace };
}

function isInOrder({ mode, state, identical, kept, refused }: FullSync): boolean {
  if (state !== 'done') return false;
  return identical === true || (mode === 'copy' && kept + refused === 0);
}
