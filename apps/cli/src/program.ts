import { Command } from 'commander';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEventCommands } from './commands/events.ts';
import { addImportCommand } from './commands/import.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addLedgerCommand } from './commands/ledger.ts';
import { addMappingCommands } from './commands/mappings.ts';
import { addMigrateCommand } from './commands/migrate.ts';
import { addRejectionCommands } from './commands/rejections.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addSendCommand } from './commands/send.ts';
import { addSourceCommands } from './commands/sources.ts';
import { addTailCommand } from './commands/tail.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { createPaint } from './paint.ts';
import type { Act, Streams } from './session.ts';

const DESCRIPTION =
  'Send events to Sluice, watch them, and handle what needs a person. Everything but migrate and doctor goes through the api; those two talk to Redis and MongoDB themselves, and take their addresses from the environment as the services do.';

const EXAMPLES = `
Examples:
  sluice send --source shop '{"order":1,"price":"9.90"}'
  sluice import orders.csv --source erp
  sluice tail --source shop
  sluice events list --source shop --limit 10
  sluice ledger

Exit codes:
${EXIT_MEANINGS.map(([code, text]) => `  ${`${code}`.padEnd(4)} ${text}`).join('\n')}
`;

/** Creates the command line of `sluice`. */
export function createProgram({
  act,
  version,
  stdout,
  stderr,
}: Pick<Streams, 'stdout' | 'stderr'> & { readonly act: Act; readonly version: string }): Command {
  const paint = createPaint(stdout);
  const program = new Command('sluice')
    .description(DESCRIPTION)
    .version(version, '-V, --version', 'Print the version.')
    .option('--url <url>', 'Address of the api (default SLUICE_URL, else http://127.0.0.1:3001).')
    .option('--key-file <file>', 'File that holds the API key (default: the variable SLUICE_API_KEY).')
    .option(
      '--api-key <key>',
      'The API key itself. Others on this machine can read it while the command runs.',
    )
    .option('--json', 'Answer in JSON: one document, or a line for each item of a stream.')
    .helpOption('-h, --help', 'Print this.')
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => paint('bold', title) })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => write(toSentence(text)),
    });

  addSendCommand(program, act);
  addImportCommand(program, act);
  addTailCommand(program, act);
  addEventCommands(program, act);
  addReplayCommand(program, act);
  addSourceCommands(program, act);
  addMappingCommands(program, act);
  addRejectionCommands(program, act);
  addKeyCommands(program, act);
  addLedgerCommand(program, act);
  addVerifyCommand(program, act);
  addMigrateCommand(program, act);
  addDoctorCommand(program, act);
  return program;
}

/** Commander's own sentences, in the form of all others. */
function toSentence(text: string): string {
  const line = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ');
  return `sluice: ${/[.?!)]$/.test(line) ? line : `${line}.`}\n`;
}
