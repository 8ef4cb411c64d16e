import { listOf, type RejectionItem, rejectionItemSchema } from '@sluice/contracts/api';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { addListOptions, type ListedOptions, listPages } from '../list-pages.ts';
import type { Paint } from '../paint.ts';
import { sourceId } from '../read-options.ts';
import type { Act } from '../session.ts';
import { renderTable, toCell } from '../table.ts';

type ListOptions = ListedOptions & { readonly source?: string; readonly cause?: string };

const HELP = `
A cause is an error code, or what the answer hid from the sender, like
signature-mismatch. --json has headers without credentials and the first
4 KiB of the body, too.

Examples:
  sluice rejections list --source shop
  sluice rejections list --cause ERR_SIGNATURE_INVALID --limit 5 --json
`;

const pageSchema = listOf(rejectionItemSchema);

/** Adds `sluice rejections`. */
export function addRejectionCommands(program: Command, act: Act): void {
  const rejections = program.command('rejections').description('Show what was refused, and why.');

  const list = rejections
    .command('list')
    .description('List refused requests, items of batches and polled records, the newest first.')
    .option('-s, --source <id>', 'Only of requests that named this source, or of its records.', sourceId)
    .option('--cause <cause>', 'Only for this cause.');
  addListOptions(list)
    .addHelpText('after', HELP)
    .action(
      act(async ({ connect, output }, { source, cause, ...options }: ListOptions) => {
        const listed = { path: '/api/rejections', query: { source, cause }, schema: pageSchema };
        await listPages(await connect(), output, listed, options, renderRejections);
        return EXIT.ok;
      }),
    );
}

function renderRejections(items: readonly RejectionItem[], paint: Paint): string {
  const columns = ['time', 'source', 'status', 'cause', 'request', 'from', 'detail'].map((title) => ({
    title,
  }));
  const rows = items.map(({ at, source, status, cause, method, path, remote, detail }) => [
    at,
    toCell(source ?? '-', 32),
    `${status}`,
    toCell(cause, 40),
    toCell(`${method} ${path}`, 40),
    toCell(remote, 40),
    toCell(detail, 120),
  ]);
  return renderTable(columns, rows, paint);
}
