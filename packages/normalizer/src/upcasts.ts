import type { NormalizationWarning } from '@sluice/contracts/event';
import type { Reading } from './rule-set.ts';
import { toWarning, WARNINGS } from './warnings.ts';

/** Brings a reading from one schema version's shape to the next: pure, and never mutating. */
export type Upcast = (reading: Reading) => Reading;

/** Upcasts by type and by the version they start from. */
export type UpcastRegistry = Readonly<Record<string, Readonly<Record<number, Upcast>>>>;

/** The upcasts of this build. A new one is one line here; the type may be built in or that of a mapping. */
export const UPCASTS: UpcastRegistry = {
  person: { 1: splitName },
};

/** Returns the upcast of a type from a version to the next, undefined when its shape stays the same. */
export function findUpcast(upcasts: UpcastRegistry, type: string, fromVersion: number): Upcast | undefined {
  return Object.hasOwn(upcasts, type) ? upcasts[type]?.[fromVersion] : undefined;
}

/** Brings a person from `{name}` to `{first_name, last_name}`: the last word is the last name. */
function splitName(reading: Reading): Reading {
  const { name, ...others } = Object.fromEntries(reading.fields);
  if (typeof name !== 'string') return reading;
  const words = name.split(/\s+/);
  const last = words.length > 1 ? (words.at(-1) ?? null) : null;
  const first = last === null ? name : words.slice(0, -1).join(' ');
  const names = { first_name: first, last_name: last };
  const { name: origin, ...lineage } = Object.fromEntries(reading.lineage);
  const from = origin?.from ?? null;
  return {
    ...reading,
    fields: new Map(Object.entries({ ...names, ...others })),
    dedupe: splitIdentity(reading.dedupe, name, names),
    lineage: new Map(
      Object.entries({
        first_name: {
          from,
          rule: 'upcast',
          conversion: last === null ? 'whole name' : 'all words but the last',
        },
        last_name:
          last === null ? { from: null, rule: 'upcast' } : { from, rule: 'upcast', conversion: 'last word' },
        ...lineage,
      }),
    ),
    warnings: words.length === 2 ? reading.warnings : [...reading.warnings, toNameWarning(last === null)],
  };
}

/**
 * Puts both names where the name is one of the fields that make two records the same. Where a mapping left that to other
 * fields or to the content, or this name tells nothing, it stays so: people of one name are not one event.
 */
function splitIdentity(
  dedupe: Reading['dedupe'],
  name: string,
  names: Readonly<Record<string, string | null>>,
): Reading['dedupe'] {
  // A mapping may call another field so: a half of the name must not be lost to it.
  const isTaken = Object.keys(names).some((half) => dedupe.has(half));
  if (dedupe.get('name') !== name || isTaken) return dedupe;
  const { name: _, ...others } = Object.fromEntries(dedupe);
  return new Map(Object.entries({ ...names, ...others }));
}

function toNameWarning(single: boolean): NormalizationWarning {
  const detail = single
    ? 'the name is one word, which was read as the first name'
    : 'the last of several words was read as the last name';
  return toWarning(single ? 'last_name' : 'first_name', { code: WARNINGS.nameGuessed, detail });
}
