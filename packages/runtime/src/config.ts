import { findNear } from '@sluice/contracts/near';
import { PlainError } from '@sluice/contracts/plain-error';
import { z } from 'zod';
import { MASK, maskUrlPasswords } from './mask.ts';

/** Variables by name, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value and all it holds, read-only. */
export type DeepReadonly<Value> = Value extends object
  ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
  : Value;

/** What Sluice notes about a setting beside its zod schema. */
export type SettingNotes = {
  /** `value` = never shown; `password` = a URL whose password is never shown. */
  readonly secret?: 'value' | 'password';
  /** Other variables that may hold the value. */
  readonly aliases?: readonly string[];
};

const notes = z.registry<SettingNotes>();

/** Marks a field as secret; write it last, because every zod method makes a new field. */
export function secret<Field extends z.ZodType>(field: Field, part: 'value' | 'password' = 'value'): Field {
  return annotate(field, { secret: part });
}

/** Names other variables that may hold a field's value; write it last, around `secret` or inside it. */
export function aliased<Field extends z.ZodType>(field: Field, ...aliases: string[]): Field {
  return annotate(field, { aliases });
}

/** Returns what `secret` and `aliased` noted about a field. */
export function readNotes(field: z.core.$ZodType): SettingNotes {
  return notes.get(field as z.ZodType) ?? {};
}

function annotate<Field extends z.ZodType>(field: Field, added: SettingNotes): Field {
  notes.add(field as z.ZodType, { ...readNotes(field), ...added });
  return field;
}

/** Thrown when settings are wrong; `problems` has one sentence for each, and never a secret's value. */
export class ConfigError extends PlainError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      problems.length === 1
        ? (problems[0] ?? '')
        : `${problems.length} settings are wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/**
 * Reads the settings that a schema names from the environment (default `process.env`) and freezes them. An empty
 * variable counts as unset. `known` names the settings of other apps, so that they are not taken for misspelt ones.
 *
 * @throws ConfigError with every problem at once, misspelt names included
 */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  { env = process.env, known = [] }: { readonly env?: Environment; readonly known?: Iterable<string> } = {},
): DeepReadonly<z.output<Schema>> {
  const given = new Map<string, string>();
  const problems: string[] = [];
  const names = new Set<string>(known);
  for (const [name, field] of Object.entries(schema.shape)) {
    const aliases = readNotes(field).aliases ?? [];
    const set = [name, ...aliases].filter((candidate) => env[candidate]);
    for (const candidate of [name, ...aliases]) names.add(candidate);
    const [first, ...others] = set;
    if (first === undefined) continue;
    given.set(name, env[first] ?? '');
    for (const other of others) {
      if (env[other] !== env[first]) {
        problems.push(`${first} and ${other} differ; they mean the same, set one of them.`);
      }
    }
  }
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    problems.push(...toProblems(schema, parsed.error.issues, given));
  }
  const unset = Object.keys(schema.shape).filter((name) => !given.has(name));
  for (const name of Object.keys(env)) {
    if (!env[name] || names.has(name)) continue;
    const meant = findNear(name, unset);
    if (meant !== undefined) problems.push(`${name} is set, but nothing reads it; did you mean ${meant}?`);
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return freezeDeep(parsed.data) as DeepReadonly<z.output<Schema>>;
}

/** Shows settings for a log line: secrets as `***`, URLs without their passwords. */
export function describeConfig(
  schema: z.ZodObject,
  config: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const value = config[name];
    if (value === undefined) continue;
    const { secret: part } = readNotes(field);
    if (part === 'value') shown[name] = MASK;
    else shown[name] = typeof value === 'string' ? maskUrlPasswords(value) : value;
  }
  return shown;
}

function toProblems(
  schema: z.ZodObject,
  issues: readonly z.core.$ZodIssue[],
  given: ReadonlyMap<string, string>,
): string[] {
  const problems: string[] = [];
  const told = new Set<string>();
  for (const issue of issues) {
    const name = String(issue.path[0] ?? '');
    if (told.has(name)) continue;
    told.add(name);
    const value = given.get(name);
    const field = schema.shape[name];
    if (value === undefined) {
      problems.push(
        issue.code === 'custom' ? `${name}: ${issue.message}.` : `${name} is not set; ${toExpected(field)}.`,
      );
    } else {
      const hidden = field === undefined || readNotes(field).secret !== undefined;
      const shown = hidden ? 'has a value that is not allowed (not shown here)' : `is ${quote(value)}`;
      problems.push(`${name} ${shown}; ${issue.message}${toHint(value)}.`);
    }
  }
  return problems;
}

function toExpected(field: z.core.$ZodType | undefined): string {
  const description = field === undefined ? undefined : z.globalRegistry.get(field)?.description;
  return description === undefined ? 'it is required' : `it is required: ${description.replace(/\.$/, '')}`;
}

/** Kubernetes sets `<SERVICE>_PORT=tcp://...` for every service, which shadows our names. */
function toHint(value: string): string {
  return /^(tcp|udp):\/\//.test(value) ? ' (set by Kubernetes? use enableServiceLinks: false)' : '';
}

function quote(value: string): string {
  const shown = maskUrlPasswords(value);
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}...` : shown);
}

function freezeDeep<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freezeDeep(item);
  }
  return value;
}

/** Reads one variable that something else names, as a source's secret does; undefined when unset or empty. */
export function readEnvironment(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** Reads all variables, for a program that passes them on to the programs it starts. */
export function readWholeEnvironment(): Environment {
  return { ...process.env };
}
