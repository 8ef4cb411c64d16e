/*
 * What one run of the command has at hand, and how it ends.
 *
 * 1. The command line is parsed (program.ts); wrong ones end with exit code 2.
 * 2. The action of the command gets a session: where to write, and the api as soon as it is asked for.
 * 3. What the action returns is the exit code. What it throws is told in a sentence on standard error.
 * 4. Ctrl-C and SIGTERM abort `signal`; the command leaves things so that it can be repeated.
 */
import { readFile } from 'node:fs/promises';
import type { Command, OptionValues } from 'commander';
import { type ApiClient, createApiClient } from './api-client.ts';
import { CliError, toMessage } from './cli-error.ts';
import { loadApiConfig } from './config.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { createOutput, type Output } from './output.ts';

/** The program's own ends of the world. */
export type Streams = {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
};

/** What a command works with. */
export type Session = Streams & {
  readonly output: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Makes the client of the api from the options and the environment.
   *
   * @throws ConfigError, CliError when the key cannot be read
   */
  readonly connect: () => Promise<ApiClient>;
  /**
   * Tells the address of the api.
   *
   * @throws ConfigError, CliError when it is none
   */
  readonly toUrl: () => string;
};

/** The options that every command has. */
type GlobalOptions = {
  readonly url?: string;
  readonly apiKey?: string;
  readonly keyFile?: string;
  readonly json?: boolean;
};

/** What a command does: its options and arguments come as it declares them. */
export type Run<Options, Args extends readonly (string | undefined)[]> = (
  session: Session,
  options: Options,
  ...args: Args
) => Promise<ExitCode>;

/** Turns what a command does into what commander calls. */
export type Act = <Options extends OptionValues, Args extends readonly (string | undefined)[]>(
  run: Run<Options, Args>,
) => (this: Command) => Promise<void>;

/** What an `Act` needs of the process. */
export type ActOptions = {
  readonly streams: Streams;
  readonly signal: AbortSignal;
  /** Called when nobody reads a list on. */
  readonly leave: () => void;
  /** Gets the exit code. */
  readonly finish: (code: ExitCode) => void;
};

/** Creates the `Act` of one run. */
export function createAct({ streams, signal, leave, finish }: ActOptions): Act {
  return function toAction<Options extends OptionValues, Args extends readonly (string | undefined)[]>(
    run: Run<Options, Args>,
  ) {
    return async function act(this: Command): Promise<void> {
      const globals = this.optsWithGlobals<GlobalOptions>();
      const session: Session = {
        ...streams,
        signal,
        output: createOutput({ ...streams, isJson: globals.json === true, leave }),
        connect: () => connect(globals, signal),
        toUrl: () => toUrl(globals),
      };
      finish(await run(session, this.opts<Options>(), ...(this.processedArgs as [...Args])));
    };
  };
}

async function connect(globals: GlobalOptions, signal: AbortSignal): Promise<ApiClient> {
  const { SLUICE_API_KEY } = loadApiConfig();
  return createApiClient({ url: toUrl(globals), key: await readKey(globals, SLUICE_API_KEY), signal });
}

function toUrl(globals: GlobalOptions): string {
  const url = globals.url ?? loadApiConfig().SLUICE_URL;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.username || parsed?.password) {
    throw new CliError(
      EXIT.usage,
      'The address must hold no user and no password; the key goes by SLUICE_API_KEY.',
    );
  }
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) return url;
  throw new CliError(EXIT.usage, `--url is "${url}"; it must begin with http:// or https://.`);
}

async function readKey(
  { apiKey, keyFile }: GlobalOptions,
  fromEnvironment: string | undefined,
): Promise<string | undefined> {
  const key = apiKey ?? (keyFile === undefined ? fromEnvironment : await readKeyFile(keyFile));
  // Anything else could not be a header; the key itself is never shown.
  if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return key;
  throw new CliError(
    EXIT.usage,
    'What was given as API key is none: a key begins with slk_ and holds no blanks.',
  );
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new CliError(EXIT.usage, `The key file cannot be read: ${toMessage(cause)}.`, { cause });
  }
}
