import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** Thrown for a command line that cannot be read; the message says in a sentence what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Thrown for `--help`, where the usage is all that is wanted. */
class HelpAsked extends Error {
  override readonly name = 'HelpAsked';
}

const HELP = { help: { type: 'boolean', short: 'h' } } as const;
const FAULTY = 2;

/**
 * Reads the options of a program, without program and script; none takes positional arguments, and each knows `--help`.
 *
 * @throws UsageError for an option that there is not, a missing value, or a word that belongs to no option
 */
export function parseOptions<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  const known: ParseArgsOptionsConfig = { ...options, ...HELP };
  const { tokens } = parseArgs({ args: [...args], options: known, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`"${token.value}" is not expected here.`);
    if (token.kind === 'option') assertOption(token, known);
  }
  if (tokens.some((token) => token.kind === 'option' && token.name === 'help')) throw new HelpAsked();
  return parseArgs({ args: [...args], options }).values;
}

type OptionToken = { readonly name: string; readonly rawName: string } & (
  | { readonly value: string; readonly inlineValue: boolean }
  | { readonly value: undefined; readonly inlineValue: undefined }
);

function assertOption({ name, rawName, value, inlineValue }: OptionToken, known: ParseArgsOptionsConfig) {
  const option = Object.hasOwn(known, name) ? known[name] : undefined;
  if (option === undefined) throw new UsageError(`There is no option ${rawName}.`);
  if (option.type === 'boolean' && value !== undefined) throw new UsageError(`${rawName} takes no value.`);
  const isMissing = value === undefined || (inlineValue === false && value.startsWith('-'));
  if (option.type === 'string' && isMissing) throw new UsageError(`${rawName} needs a value.`);
}

/**
 * Reads the number that an option gives: positive, and whole where `isWhole` says so; undefined where it was not given.
 *
 * @throws UsageError
 */
export function readNumber(name: string, text: string, options?: { readonly isWhole?: boolean }): number;
export function readNumber(
  name: string,
  text: string | undefined,
  options?: { readonly isWhole?: boolean },
): number | undefined;
export function readNumber(
  name: string,
  text: string | undefined,
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value > 0 && (!isWhole || Number.isSafeInteger(value))) return value;
  throw new UsageError(`--${name} is "${text}"; expected a ${isWhole ? 'whole number' : 'number'} above 0.`);
}

/**
 * Returns what `read` makes of the command line. Where it cannot be read the program ends with 2, after a sentence and
 * the usage on standard error; where `--help` asks for the usage, with 0.
 */
export function orUsage<Value>(usage: string, read: (args: readonly string[]) => Value): Value {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    if (error instanceof HelpAsked) {
      process.stdout.write(`${usage.trimEnd()}\n`);
      return process.exit(0);
    }
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage.trimEnd()}\n`);
    return process.exit(FAULTY);
  }
}
