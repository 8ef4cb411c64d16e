import { MAX_SCHEMA_VERSION } from '@sluice/contracts/event';
import { type DryRun, dryRunSchema } from '@sluice/contracts/sources-api';
import { parseSourcesFile } from '@sluice/sources/sources-file';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Paint } from '../paint.ts';
import { readJsonFile, readTextFile } from '../read-json.ts';
import { sourceId, wholeNumber } from '../read-options.ts';
import type { Act } from '../session.ts';
import { renderLineage } from '../shown-event.ts';
import { renderPairs, toCell } from '../table.ts';

type DryRunOptions = { readonly revision?: number; readonly file?: string; readonly schemaVersion?: number };

const toHelp = (command: string): string => `
Shows the record that would come of the payload, where each field came from,
and what was guessed. Nothing is stored. Ends with 1 when there would be no
record.

Examples:
  sluice ${command} shop order.json
  sluice ${command} shop order.json --file new-sources.yaml
`;

/** Adds the command that tries a mapping on one payload to `sluice sources` or `sluice mappings`, by the name it has there. */
export function addDryRunCommand(parent: Command, act: Act, name: string): void {
  parent
    .command(name)
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
    .addHelpText('after', toHelp(`${parent.name()} ${name}`))
    .action(
      act(async (session, options: DryRunOptions, id: string, payloadFile: string) => {
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
async function toMapped(id: string, { file, revision }: DryRunOptions) {
  if (file === undefined) return { source: id, revision };
  if (revision !== undefined) throw new CliError(EXIT.usage, 'Give either --file or --revision, not both.');
  const source = parseSourcesFile(await readTextFile(file), file).find((declared) => declared.id === id);
  if (source === undefined) throw new CliError(EXIT.notFound, `${file} declares no source ${id}.`);
  if (source.mapping === undefined)
    throw new CliError(EXIT.notFound, `${file} declares no mapping for ${id}.`);
  return { mapping: source.mapping, schemaVersion: source.schemaVersion };
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
