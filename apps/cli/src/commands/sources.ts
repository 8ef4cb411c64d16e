import { scheduleListSchema } from '@sluice/contracts/schedules';
import {
  MAX_SOURCE_LIMIT,
  type SourceDetail,
  type SourceItem,
  sourceDetailSchema,
  sourceListSchema,
} from '@sluice/contracts/sources-api';
import { parseSourcesFile } from '@sluice/sources/sources-file';
import type { Command } from 'commander';
import type { ApiClient } from '../api-client.ts';
import { type Applied, applySource } from '../apply-source.ts';
import { EXIT } from '../exit-codes.ts';
import { readPages } from '../pages.ts';
import type { Paint } from '../paint.ts';
import { type PollState, toPollState } from '../poll-state.ts';
import { readTextFile } from '../read-json.ts';
import type { Act } from '../session.ts';
import { renderPairs, renderTable, toCell } from '../table.ts';
import { addDryRunCommand } from './dry-run.ts';
import { addPollingCommands } from './source-polling.ts';

type ApplyOptions = { readonly dryRun?: boolean; readonly force?: string };

const APPLY_HELP = `
The file is a sources file (docs/sources.md). Sources that it does not name
stay as they are. A changed mapping is tried on stored events first and
activated when none of them would fail; --force REASON activates it all the
same. Sources that are owned by the SOURCES_FILE of the services can only be
changed there.
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
        const list = {
          path: '/api/sources',
          query: {},
          schema: sourceListSchema,
          pageSize: () => MAX_SOURCE_LIMIT,
        };
        for await (const page of readPages(api, list)) items.push(...page.items);
        const states = items.some(({ kind }) => kind === 'poll') ? await readPollStates(api) : NO_STATES;
        output.answer({ items, nextCursor: null }, () => renderSources(items, states, output.paint));
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

  addDryRunCommand(sources, act, 'test');
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
