import type { z } from 'zod';

type Schema = z.core.$ZodType;
type Def = z.core.$ZodTypes['_zod']['def'];

/** Lists the objects that may stand at a place of a declaration, by the kind that the declaration itself chose. */
function findObjects(
  schema: Schema,
  path: readonly PropertyKey[],
  content: unknown,
): readonly z.core.$ZodObject[] {
  const def = (schema as z.core.$ZodTypes)._zod.def as Def;
  const [key, ...rest] = path;
  switch (def.type) {
    case 'object': {
      if (key === undefined) return [schema as z.core.$ZodObject];
      const field = Object.hasOwn(def.shape, key) ? def.shape[String(key)] : undefined;
      return field === undefined ? [] : findObjects(field, rest, readKey(content, key));
    }
    case 'array':
      return key === undefined ? [] : findObjects(def.element, rest, readKey(content, key));
    case 'record':
      return key === undefined ? [] : findObjects(def.valueType, rest, readKey(content, key));
    case 'union':
      return chooseOptions(def.options, content).flatMap((option) => findObjects(option, path, content));
    case 'pipe':
      return findObjects(def.in, path, content);
    case 'optional':
    case 'default':
    case 'nullable':
      return findObjects(def.innerType, path, content);
    default:
      return [];
  }
}

/** Lists the keys that an object at this place of a declaration may have. */
export function listKnownKeys(schema: Schema, path: readonly PropertyKey[], content: unknown): string[] {
  return [...new Set(findObjects(schema, path, content).flatMap(({ _zod }) => Object.keys(_zod.def.shape)))];
}

/** Lists the values of the key that tells the objects at this place apart, like `push` and `poll`. */
export function listKinds(schema: Schema, path: readonly PropertyKey[], content: unknown): string[] {
  const place = path.slice(0, -1);
  const key = String(path.at(-1));
  const objects = findObjects(schema, place, withoutKey(content, place, key));
  return objects.flatMap(({ _zod }) => toLiterals(_zod.def.shape[key]));
}

/** Leaves the options whose literal keys agree with the content, or all when none does. */
function chooseOptions(options: readonly Schema[], content: unknown): readonly Schema[] {
  const fitting = options.filter((option) => {
    const [object] = findObjects(option, [], content);
    if (object === undefined) return true;
    return Object.entries(object._zod.def.shape).every(([key, field]) => {
      const literals = toLiterals(field);
      const given = readKey(content, key);
      return literals.length === 0 || given === undefined || literals.includes(String(given));
    });
  });
  return fitting.length === 0 ? options : fitting;
}

function toLiterals(field: Schema | undefined): string[] {
  const def = (field as z.core.$ZodTypes | undefined)?._zod.def as Def | undefined;
  return def?.type === 'literal' ? def.values.map(String) : [];
}

/** Reads a value of untrusted content by a path; undefined where there is none. */
export function readAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(readKey, content);
}

function readKey(content: unknown, key: PropertyKey): unknown {
  if (typeof content !== 'object' || content === null || !Object.hasOwn(content, key)) return undefined;
  return Reflect.get(content, key);
}

function withoutKey(content: unknown, place: readonly PropertyKey[], key: string): unknown {
  const copy: unknown = structuredClone(content);
  const parent = readAt(copy, place);
  if (typeof parent === 'object' && parent !== null) Reflect.deleteProperty(parent, key);
  return copy;
}
