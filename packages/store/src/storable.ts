/**
 * Makes a value that came from outside storable as it is: the BSON serializer takes an object with a key
 * `_bsontype` for one of its own types and throws, unless the object is a Map. Returns the value itself when it
 * holds no such key, which is nearly always.
 */
export function toStorable<T>(value: T): T {
  return isAmbiguous(value) ? (toMaps(value) as T) : value;
}

function isAmbiguous(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(isAmbiguous);
  if (Object.hasOwn(value, '_bsontype')) return true;
  for (const key in value) if (isAmbiguous((value as Record<string, unknown>)[key])) return true;
  return false;
}

function toMaps(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toMaps);
  return new Map(Object.entries(value).map(([key, entry]) => [key, toMaps(entry)]));
}
