import type { JsonValue } from '@sluice/contracts/json';

/** One place in which two mappings differ; null where it is not there at all. */
export type Change = {
  readonly place: string;
  readonly before: string | null;
  readonly after: string | null;
};

/** Lists the places in which two declarations differ, in their order; lists are compared as a whole. */
export function listChanges(before: JsonValue, after: JsonValue): readonly Change[] {
  const old = new Map(listLeaves(before));
  const fresh = new Map(listLeaves(after));
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((place) => {
    const change = { place, before: old.get(place) ?? null, after: fresh.get(place) ?? null };
    return change.before === change.after ? [] : [change];
  });
}

function* listLeaves(value: JsonValue, place = ''): Generator<readonly [string, string]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    yield [place, typeof value === 'string' ? value : toText(value)];
    return;
  }
  for (const [name, part] of Object.entries(value))
    yield* listLeaves(part, place === '' ? name : `${place} › ${name}`);
}

function toText(value: JsonValue): string {
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(', ');
}
