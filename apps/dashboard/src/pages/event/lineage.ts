import type { NormalizedItem } from '@sluice/contracts/api';
import { isJsonObject, type JsonValue } from '@sluice/contracts/json';
import { toLeaves } from './text-lines.ts';

/** A field of a record and where it came from. */
export type FieldOrigin = {
  readonly name: string;
  readonly value: string;
  /** The JSON pointer into the payload; null when no place of it did. */
  readonly from: string | null;
  /** How it was made, in words. */
  readonly how: string;
  /** False where no rule did: what is unknown is kept under its own name. */
  readonly isMapped: boolean;
};

/** The rules of `lineage`, in words. */
const RULES: Readonly<Record<string, string>> = {
  mapping: 'mapping',
  exact: 'same name',
  alias: 'known alias',
  upcast: 'upcast to the newest version',
  default: 'default of the mapping',
  code: 'adapter',
  missing: 'absent',
};

/** Lists the fields of a record with their origins, in their order. */
export function toOrigins(
  { data, lineage, timestamp }: Pick<NormalizedItem, 'data' | 'lineage' | 'timestamp'>,
  payload: JsonValue = null,
): readonly FieldOrigin[] {
  const fields = isJsonObject(data) ? data : {};
  const kept = isJsonObject(payload) ? payload : {};
  const names = [...new Set([...Object.keys(fields), ...Object.keys(lineage)])];
  return names.map((name) => {
    const origin = lineage[name];
    // The time of a record stands beside its data.
    const value = toText(fields[name] ?? (name === 'timestamp' ? (timestamp ?? undefined) : undefined));
    if (origin === undefined) {
      const from = Object.hasOwn(kept, name) ? `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` : null;
      return { name, value, from, how: 'kept as it came', isMapped: false };
    }
    const rule = RULES[origin.rule] ?? origin.rule;
    const how = origin.conversion === undefined ? rule : `${rule}, ${origin.conversion}`;
    return { name, value, from: origin.from, how, isMapped: true };
  });
}

/** Returns a test for values of a payload that no rule made a field of. */
export function createUnmappedTest(origins: readonly FieldOrigin[]): (pointer: string) => boolean {
  const used = origins.flatMap(({ from, isMapped }) => (from === null || !isMapped ? [] : [from]));
  return (pointer) =>
    pointer !== '' &&
    !used.some(
      (from) => from === pointer || from.startsWith(`${pointer}/`) || pointer.startsWith(`${from}/`),
    );
}

/** Counts the values of a payload that no rule made a field of. */
export function countUnmapped(payload: JsonValue, isUnmapped: (pointer: string) => boolean): number {
  return toLeaves(payload).filter(isUnmapped).length;
}

function toText(value: JsonValue | undefined): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
