import {
  MAX_SOURCE_LIMIT,
  mappingRevisionSchema,
  type RevisionAnswer,
  revisionListSchema,
  sourceDetailSchema,
} from '@sluice/contracts/sources-api';
import type { Command } from 'commander';
import type { ApiClient } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { addListOptions, type ListedOptions, listPages } from '../list-pages.ts';
import { readPages } from '../pages.ts';
import { readJsonFile } from '../read-json.ts';
import { revisionNumber, sourceId, wholeNumber } from '../read-options.ts';
import type { Act } from '../session.ts';
import { renderRevision, renderRevisions, renderTrial } from '../shown-mapping.ts';
import { addDryRunCommand } from './dry-run.ts';

type Nothing = Record<never, never>;

const HELP = `
A mapping says how payloads of a source become records (docs/sources.md). Its
revisions never change: a new one begins as a draft, is tried on what is
stored, and then activated. sluice sources apply does all of that from a file.

Examples:
  sluice mappings draft shop mapping.json
  sluice mappings trial shop 2
  sluice mappings activate shop 2
  sluice mappings rollback shop
`;

/** Adds `sluice mappings`. */
export function addMappingCommands(program: Command, act: Act): void {
  const mappings = program
    .command('mappings')
    .description('Show, try and switch the mappings of sources.')
    .addHelpText('after', HELP);

  addListOptions(
    mappings
      .command('list')
      .description('List the revisions of a mapping, the newest first.')
      .argument('<id>', 'Name of the source.', sourceId),
  ).action(
    act(async ({ connect, output }, options: ListedOptions, id: string) => {
      const listed = { path: toPath(id), query: {}, schema: revisionListSchema, maxPage: MAX_SOURCE_LIMIT };
      await listPages(await connect(), output, listed, options, renderRevisions);
      return EXIT.ok;
    }),
  );

  mappings
    .command('show')
    .description('Tell everything about one revision.')
    .argument('<id>', 'Name of the source.', sourceId)
    .argument('[revision]', 'Its number (default: the active one).', revisionNumber)
    .action(
      act(async ({ connect, output }, _options: Nothing, id: string, revision: string | undefined) => {
        const api = await connect();
        const path = `${toPath(id)}/${revision ?? (await findActive(api, id))}`;
        const { value } = await api.ask({ path }, mappingRevisionSchema);
        output.answer(value, () => renderRevision(value, output.paint));
        return EXIT.ok;
      }),
    );

  mappings
    .command('draft')
    .description('Add a draft, which is used once it is activated.')
    .argument('<id>', 'Name of the source.', sourceId)
    .argument('<file>', 'File that holds the mapping as JSON, or - for standard input.')
    .action(
      act(async (session, _options: Nothing, id: string, file: string) => {
        const mapping = await readJsonFile(session, file);
        const value = await post(await session.connect(), toPath(id), mapping);
        session.output.answer(value, () => `${id} has a draft, revision ${value.revision}.`);
        return EXIT.ok;
      }),
    );

  addDryRunCommand(mappings, act, 'dry-run');

  mappings
    .command('trial')
    .description('Try a revision on stored events; ends with 1 when one of them would fail.')
    .argument('<id>', 'Name of the source.', sourceId)
    .argument('<revision>', 'Its number.', revisionNumber)
    .option('-n, --count <number>', 'How many of the newest events (default: 100).', wholeNumber(1, 1000))
    .action(
      act(async ({ connect, output }, { count }: { count?: number }, id: string, revision: string) => {
        const value = await post(
          await connect(),
          `${toPath(id)}/${revision}/trial`,
          JSON.stringify({ count }),
        );
        output.answer(value, () => renderTrial(value.trial, output.paint));
        return (value.trial?.failed ?? 0) > 0 ? EXIT.no : EXIT.ok;
      }),
    );

  mappings
    .command('activate')
    .description('Make a revision the active one; a draft needs a clean trial.')
    .argument('<id>', 'Name of the source.', sourceId)
    .argument('<revision>', 'Its number.', revisionNumber)
    .option('--force <reason>', 'Without a clean trial, for this reason, which is kept.')
    .action(
      act(async ({ connect, output }, { force }: { force?: string }, id: string, revision: string) => {
        const body = force === undefined ? {} : { force: true, reason: force };
        const value = await activate(await connect(), id, revision, body);
        output.answer(value, () => `Revision ${value.revision} of ${id} is active.`);
        return EXIT.ok;
      }),
    );

  mappings
    .command('rollback')
    .description('Activate a revision again that was active before.')
    .argument('<id>', 'Name of the source.', sourceId)
    .argument('[revision]', 'Its number (default: the one that was active last).', revisionNumber)
    .action(
      act(async ({ connect, output }, _options: Nothing, id: string, revision: string | undefined) => {
        const api = await connect();
        const value = await activate(api, id, await findEarlier(api, id, revision), {});
        output.answer(value, () => `Rolled back: revision ${value.revision} of ${id} is active.`);
        return EXIT.ok;
      }),
    );

  mappings
    .command('retire')
    .description('Retire the active revision: the source has no mapping then.')
    .argument('<id>', 'Name of the source.', sourceId)
    .argument('[revision]', 'Its number (default: the active one).', revisionNumber)
    .action(
      act(async ({ connect, output }, _options: Nothing, id: string, revision: string | undefined) => {
        const api = await connect();
        const value = await post(api, `${toPath(id)}/${revision ?? (await findActive(api, id))}/retire`);
        output.answer(value, () => `Revision ${value.revision} of ${id} is retired.`);
        return EXIT.ok;
      }),
    );
}

function toPath(id: string): string {
  return `/api/sources/${encodeURIComponent(id)}/mapping`;
}

async function post(api: ApiClient, path: string, json?: string): Promise<RevisionAnswer> {
  const sent = json === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: json };
  return (await api.ask({ method: 'POST', path, ...sent }, mappingRevisionSchema)).value;
}

async function activate(api: ApiClient, id: string, revision: string, body: object): Promise<RevisionAnswer> {
  return post(api, `${toPath(id)}/${revision}/activate`, JSON.stringify(body));
}

/** Returns the number of the active revision. @throws CliError when none is */
async function findActive(api: ApiClient, id: string): Promise<string> {
  const path = `/api/sources/${encodeURIComponent(id)}`;
  const { mappingRevision } = (await api.ask({ path }, sourceDetailSchema)).value;
  if (mappingRevision !== null) return `${mappingRevision}`;
  throw new CliError(EXIT.notFound, `No mapping of ${id} is active: it is read by the built-in types.`);
}

/** Returns the number of a revision that was active before. @throws CliError when it never was, or none was */
async function findEarlier(api: ApiClient, id: string, revision: string | undefined): Promise<string> {
  const retired: RevisionAnswer[] = [];
  const list = { path: toPath(id), query: {}, schema: revisionListSchema, pageSize: () => MAX_SOURCE_LIMIT };
  for await (const { items } of readPages(api, list)) {
    retired.push(...items.filter(({ state }) => state === 'retired'));
  }
  const found =
    revision === undefined
      ? retired.toSorted((a, b) => (b.retiredAt ?? '').localeCompare(a.retiredAt ?? ''))[0]
      : retired.find((item) => `${item.revision}` === revision);
  if (found !== undefined) return `${found.revision}`;
  const which = revision === undefined ? `no revision of ${id} was` : `revision ${revision} of ${id} was not`;
  throw new CliError(EXIT.conflict, `There is nothing to roll back to: ${which} active before.`);
}
