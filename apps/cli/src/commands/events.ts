import { eventDetailSchema, listOf, normalizedItemSchema, rawItemSchema } from '@sluice/contracts/api';
import { STATUSES } from '@sluice/contracts/status';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { addListOptions, type ListedOptions, listPages } from '../list-pages.ts';
import { eventId, sourceId } from '../read-options.ts';
import type { Act } from '../session.ts';
import { renderDetail, renderRawEvents, renderRecords } from '../shown-event.ts';

type ListOptions = ListedOptions & {
  readonly raw?: boolean;
  readonly status?: string;
  readonly code?: string;
  readonly source?: string;
  readonly type?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
};

const HELP = `
Times are RFC 3339 or dates (UTC), as 2026-01-31T12:00:00Z or 2026-01-31; --to
leaves its own moment out, but takes in the whole of a date. --status and
--code choose raw events, --type and --subject records.

Examples:
  sluice events list --source shop --from 2026-01-01
  sluice events list --status dead --code ERR_FIELD_REQUIRED
  sluice events list --raw --all --json > raw.ndjson
`;

/** Adds `sluice events`. */
export function addEventCommands(program: Command, act: Act): void {
  const events = program.command('events').description('Show stored events.');

  const list = events
    .command('list')
    .description('List records, the newest first; with --raw what arrived.')
    .option('--raw', 'List raw events: what arrived, and what became of it.')
    .addOption(new Option('--status <status>', 'Only raw events of this status.').choices(STATUSES))
    .option('--code <code>', 'Only raw events whose last attempt ended with this code.')
    .option('-s, --source <id>', 'Only of this source.', sourceId)
    .option('-t, --type <type>', 'Only records of this type.')
    .option('--subject <subject>', 'Only records of this subject.')
    .option('--from <time>', 'Only from this time on.')
    .option('--to <time>', 'Only before this time.');
  addListOptions(list)
    .addHelpText('after', HELP)
    .action(
      act(async ({ connect, output }, options: ListOptions) => {
        const isRaw = isOfRaw(options);
        const api = await connect();
        if (isRaw) await listPages(api, output, toRawList(options), options, renderRawEvents);
        else await listPages(api, output, toRecordList(options), options, renderRecords);
        return EXIT.ok;
      }),
    );

  events
    .command('show')
    .description('Tell everything about one event: payload, record, timeline, and why it is a duplicate.')
    .argument('<id>', 'Like evt_ and 32 hex digits.', eventId)
    .action(
      act(async ({ connect, output }, _options: Record<never, never>, id: string) => {
        const api = await connect();
        const path = `/api/events/${encodeURIComponent(id)}`;
        const { value } = await api.ask({ path }, eventDetailSchema);
        output.answer(value, () => renderDetail(value, output.paint));
        return EXIT.ok;
      }),
    );
}

function isOfRaw({ raw, status, code, type, subject }: ListOptions): boolean {
  const isRaw = raw === true || status !== undefined || code !== undefined;
  if (isRaw && (type !== undefined || subject !== undefined)) {
    throw new CliError(
      EXIT.usage,
      'Raw events have no type and no subject yet: leave out --type and --subject, or --raw, --status and --code.',
    );
  }
  return isRaw;
}

function toRawList({ status, code, source, from, to }: ListOptions) {
  return { path: '/api/events/raw', query: { status, code, source, from, to }, schema: rawPageSchema };
}

function toRecordList({ source, type, subject, from, to }: ListOptions) {
  const query = { source, type, subject, from, to };
  return { path: '/api/events/normalized', query, schema: recordPageSchema };
}

const rawPageSchema = listOf(rawItemSchema);
const recordPageSchema = listOf(normalizedItemSchema);
