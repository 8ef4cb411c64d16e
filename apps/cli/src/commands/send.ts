import { stat } from 'node:fs/promises';
import { acceptedSchema } from '@sluice/contracts/api';
import { MAX_SCHEMA_VERSION } from '@sluice/contracts/event';
import type { Command } from 'commander';
import { parseJson } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { readJsonFile } from '../read-json.ts';
import { idempotencyKey, sourceId, wholeNumber } from '../read-options.ts';
import type { Act, Session } from '../session.ts';

type SendOptions = {
  readonly source?: string;
  readonly type?: string;
  readonly key?: string;
  readonly schemaVersion?: number;
};

const HELP = `
Without --source the JSON is sent as it is and has to name its source itself,
as for POST /api/events.

Examples:
  sluice send --source shop '{"order":1,"price":"9.90"}'
  sluice send --source shop order.json
  some-program | sluice send --source shop --key order-1
`;

/** Adds `sluice send`. */
export function addSendCommand(program: Command, act: Act): void {
  program
    .command('send')
    .summary('Send one event.')
    .description(
      'Send one event and print its id. The JSON comes from the argument, a file or standard input.',
    )
    .argument('[json]', 'The JSON, a file that holds it, or - for standard input (the default).')
    .option('-s, --source <id>', 'Who sends it.', sourceId)
    .option('-t, --type <type>', 'Type of the event; else the mapping or its fields decide.')
    .option(
      '-k, --key <key>',
      'Idempotency key: a repeat with the same key is the same event.',
      idempotencyKey,
    )
    .option(
      '--schema-version <number>',
      "Version of the source's format.",
      wholeNumber(1, MAX_SCHEMA_VERSION),
    )
    .addHelpText('after', HELP)
    .action(
      act(async (session, options: SendOptions, given?: string) => {
        const body = toBody(await readJson(session, given), options);
        const api = await session.connect();
        const { key, schemaVersion } = options;
        const headers: Record<string, string> = { 'content-type': 'application/json' };
        if (key !== undefined) headers['idempotency-key'] = key;
        if (schemaVersion !== undefined) headers['schema-version'] = `${schemaVersion}`;
        const request = { method: 'POST', path: '/api/events', headers, body } as const;
        const { value } = await api.ask(request, acceptedSchema);
        session.output.answer(value, () => `${value.duplicate ? 'known already' : 'accepted'} ${value.id}`);
        return EXIT.ok;
      }),
    );
}

/** The payload goes in as it was written: numbers that JavaScript cannot hold survive. */
function toBody(json: string, { source, type }: SendOptions): string {
  if (source === undefined) {
    if (type === undefined) return json;
    throw new CliError(EXIT.usage, '--type needs --source beside it.');
  }
  const rest = type === undefined ? '' : `,"type":${JSON.stringify(type)}`;
  return `{"source":${JSON.stringify(source)}${rest},"payload":${json}}`;
}

async function readJson(session: Session, given = '-'): Promise<string> {
  if (given === '-' || (await isFile(given))) return readJsonFile(session, given);
  if (parseJson(given) !== undefined) return given;
  const isJson = /^\s*[[{"]/.test(given);
  throw new CliError(
    EXIT.usage,
    isJson
      ? 'The argument is not valid JSON; put it in single quotes.'
      : `There is no file ${given}, and it is no JSON.`,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch {
    // Whatever cannot be a path (too long, not there) may still be JSON.
    return false;
  }
}
