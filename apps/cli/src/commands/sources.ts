import { MAX_SCHEMA_VERSION } from '@sluice/contracts/event';
import { scheduleListSchema } from '@sluice/contracts/schedules';
import {
  type DryRun,
  dryRunSchema,
  type SourceDetail,
  type SourceItem,
  sourceDetailSchema,
  sourceListSchema,
} from '@sluice/contracts/sources-api';
import { parseSourcesFile } from '@sluice/sources/sources-file';
import type { Command } from 'commander';
import type { ApiClient } from '../api-client.ts';
import { type Applied, applySource } from '../apply-source.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { readPages } from '../pages.ts';
import type { Paint } from '../paint.ts';
import { type PollState, toPollState } from '../poll-state.ts';
import { readJsonFile, readTextFile } from '../read-json.ts';
import { sourceId, wholeNumber } from '../read-options.ts';
import type { Act } from '../session.ts';
import { renderLineage } from '../shown-event.ts';
import { renderPairs, renderTable, toCell } from '../table.ts';
import { addPollingCommands } from './source-polling.ts';

type ApplyOptions = { readonly dryRun?: boolean; readonly force?: string };
type TestOptions = { readonly revision?: number; readonly file?: string; readonly schemaVersion?: number };

const APPLY_HELP = `
The file is a sources file (docs/sources.md). Sources that it does not name
stay as they are. A changed mapping is tried on stored events first and
activated when none of them would fail; --force REASON activates it all the
same. Sources that are owned by the SOURCES_FILE of the services can only be
changed there.
`;

const TEST_HELP = `
Shows the record that would come of the payload, where each field came from,
and what was guessed. Nothing is stored. Ends with 1 when there would be no
record.

Examples:
  sluice sources test shop order.json
  sluice sources test shop order.json --file new-sources.yaml
`;

/** Adds `sluice sources`. */
export function addSourceCommands(program: Command, act: Act): void {
  const sources = program.command('sources').description('Show, change and try declared sources.');

  sources
    .command('list')
    .description('List the sources.')
    .action(
      act(async ({ connect, output }) => {
        const api = await connect();
        const items: SourceItem[] = [];
        const list = { path: '/api/sources', query: {}, schema: sourceListSchema, pageSize: () => 500 };
        for await (const page of readPages(api, list)) items.push(...page.items);
        const states = items.some(({ kind }) => kind === 'poll') ? await readPollStates(api) : NO_STATES;
        output.answer({ items }, () => renderSources(items, states, output.paint));
        return EXIT.ok;
      }),
    );

  sources
    .command('show')
    .description('Tell everything about one source; secrets are never shown.')
    .argument('<id>', 'Its name.')
    .action(
      act(async ({ connect, output }, _options: Record<never, never>, id: string) => {
        const api = await connect();
        const path = `/api/sources/${encodeURIComponent(id)}`;
        const { value } = await api.ask({ path }, sourceDetailSchema);
        output.answer(value, () => renderSource(value, output.paint));
        return EXIT.ok;
      }),
    );

  sources
    .command('apply')
    .description('Make sources what a file declares, and tell what changed.')
    .argument('<file>', 'A sources file, YAML or JSON.')
    .option('--dry-run', 'Only tell what would change.')
    .option('--force <reason>', 'Activate mappings although stored events would fail.')
    .addHelpText('after', APPLY_HELP)
    .action(
      act(async ({ connect, output }, { dryRun = false, force }: ApplyOptions, file: string) => {
        const declared = parseSourcesFile(await readTextFile(file), file);
        const api = await connect();
        const items: Applied[] = [];
        for (const source of declared) items.push(await applySource(api, source, { dryRun, force }));
        output.answer({ dryRun, items }, () => renderApplied(items, dryRun, output.paint));
        const isRefused = items.some(({ source, mapping }) => source === 'refused' || mapping === 'refused');
        return isRefused ? EXIT.no : EXIT.ok;
      }),
    );

  addPollingCommands(sources, act);

  sources
    .command('test')
    .description('Try the mapping of a source on one payload.')
    .argument('<id>', 'Name of the source.', sourceId)
    .argument('<payload>', 'File that holds the payload as JSON, or - for standard input.')
    .option('--revision <number>', 'Revision to try (default: the active one).', wholeNumber(1, 999_999_999))
    .option('--file <file>', 'Try the mapping that this sources file declares instead.')
    .option(
      '--schema-version <number>',
      "Version of the source's format.",
      wholeNumber(1, MAX_SCHEMA_VERSION),
    )
    .addHelpText('after', TEST_HELP)
    .action(
      act(async (session, options: TestOptions, id: string, payloadFile: string) => {
        const { output } = session;
        const payload = await readJsonFile(session, payloadFile);
        const mapped = await toMapped(id, options);
        const api = await session.connect();
        const { schemaVersion } = options;
        const rest = JSON.stringify({ ...mapped, ...(schemaVersion === undefined ? {} : { schemaVersion }) });
        // The payload goes in as it was written.
        const body = `${rest.slice(0, -1)},"payload":${payload}}`;
        const headers = { 'content-type': 'application/json' };
        const request = { method: 'POST', path: '/api/mappings/dry-run', headers, body } as const;
        const { value } = await api.ask(request, dryRunSchema);
        output.answer(value, () => renderDryRun(value, output.paint));
        return value.ok ? EXIT.ok : EXIT.no;
      }),
    );
}

/** Names what is tried: a stored mapping, or the one of a file. */
async function toMapped(id: string, { file, revision }: TestOptions) {
  if (file === undefined) return { source: id, revision };
  if (revision !== undefined) throw new CliError(EXIT.usage, 'Give either --file or --revision, not both.');
  const source = parseSourcesFile(await readTextFile(file), file).find((declared) => declared.id === id);
  if (source === undefined) throw new CliError(EXIT.notFound, `${file} declares no source ${id}.`);
  if (source.mapping === undefined)
    throw new CliError(EXIT.notFound, `${file} declares no mapping for ${id}.`);
  return { mapping: source.mapping, schemaVersion: source.schemaVersion };
}

type PollStates = ReadonlyMap<string, PollState>;

const NO_STATES: PollStates = new Map();

/** Reads how polling goes, by the source. */
async function readPollStates(api: ApiClient): Promise<PollStates> {
  const states = new Map<string, PollState>();
  const list = { path: '/api/schedules', query: {}, schema: scheduleListSchema, pageSize: () => 100 };
  for await (const page of readPages(api, list)) {
    for (const { id, runs } of page.items) states.set(id, toPollState(runs));
  }
  return states;
}

function renderSources(items: readonly SourceItem[], states: PollStates, paint: Paint): string {
  if (items.length === 0) return 'There are none.';
  const columns = ['id', 'kind', 'owner', 'mapping', 'updated', 'state'].map((title) => ({ title }));
  const rows = items.map(({ id, kind, owner, mappingRevision, updatedAt, paused }) => [
    id,
    kind,
    owner,
    mappingRevision === null ? '-' : `revision ${mappingRevision}`,
    updatedAt,
    paused ? paint('yellow', 'paused') : renderState(states.get(id), paint),
  ]);
  return renderTable(columns, rows, paint);
}

function renderState(state: PollState | undefined, paint: Paint): string {
  if (state === undefined) return 'active';
  const text = toCell(state.text, 80);
  return state.isWell ? text : paint('red', text);
}

function renderSource(detail: SourceDetail, paint: Paint): string {
  const { id, kind, owner, active, paused, revision, updatedAt, mappingRevision, polling } = detail;
  const pairs: [string, string][] = [
    ['id', id],
    ['kind', kind],
    ['owner', owner === 'file' ? 'the sources file' : 'the api'],
    ['state', active ? (paused ? paint('yellow', 'paused') : 'active') : 'not active'],
    ['revision', `${revision}, of ${updatedAt}`],
    ['mapping', mappingRevision === null ? '-' : `revision ${mappingRevision}`],
  ];
  if (polling !== null) {
    pairs.push(['last runs', renderState(toPollState(polling.runs), paint)]);
    pairs.push(['next run', polling.nextRunAt ?? '-']);
    pairs.push(['behind', polling.lagSeconds === null ? 'never read whole' : `${polling.lagSeconds} s`]);
  }
  const declared = JSON.stringify(detail.source, null, 2);
  const sections = [renderPairs(pairs, paint), `${paint('bold', 'Declared')}\n${declared}`];
  if (polling !== null && polling.runs.length > 0) sections.push(renderRuns(polling.runs, paint));
  return sections.join('\n\n');
}

function renderRuns(runs: NonNullable<SourceDetail['polling']>['runs'], paint: Paint): string {
  const titles = ['started', 'outcome', 'pages', 'records', 'new', 'problems', 'error or first problem'];
  const columns = titles.map((title) => ({ title }));
  const rows = runs.map(({ startedAt, outcome, pages, records, accepted, problems, error }) => [
    startedAt,
    outcome,
    `${pages}`,
    `${records}`,
    `${accepted}`,
    `${problems.count}`,
    toCell(error ?? problems.first[0] ?? ''),
  ]);
  return `${paint('bold', 'Last runs')}\n${renderTable(columns, rows, paint)}`;
}

function renderApplied(items: readonly Applied[], dryRun: boolean, paint: Paint): string {
  if (items.length === 0) return 'The file declares no source.';
  const columns = ['id', dryRun ? 'source would be' : 'source', 'mapping', ''].map((title) => ({ title }));
  const rows = items.map(({ id, source, mapping, note }) => [
    id,
    source === 'refused' ? paint('red', source) : source,
    mapping === 'refused' ? paint('red', mapping) : mapping === 'none' ? '-' : mapping,
    toCell(note ?? '', 400),
  ]);
  return renderTable(columns, rows, paint);
}

function renderDryRun({ ok, record, lineage, warnings, errors }: DryRun, paint: Paint): string {
  const told = warnings.map(({ code, detail }) => `${paint('yellow', code)} ${toCell(detail, 300)}`);
  if (!ok || record === null) {
    const reasons = errors.map(({ code, detail }) => `${paint('red', code)} ${toCell(detail, 300)}`);
    return ['There would be no record:', ...reasons, ...told].join('\n');
  }
  const pairs: [string, string][] = [
    ['type', toCell(record.type)],
    ['subject', toCell(record.subject ?? '-')],
    ['timestamp', record.timestamp ?? '-'],
    ['mapping', record.mappingRevision === null ? '-' : `revision ${record.mappingRevision}`],
  ];
  const data = JSON.stringify(record.data, null, 2);
  return [`${renderPairs(pairs, paint)}\n${data}`, renderLineage(lineage, paint), ...told].join('\n\n');
}
