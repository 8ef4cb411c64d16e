import type { ComparedField, LookedAt } from '@sluice/contracts/sync-differences';
import { Binary, BSON, ObjectId } from 'mongodb';
import { decodeDocument } from './decode-document.ts';

/** How many fields are shown, and how much of the text of each. */
const MAX_FIELDS = 300;
const MAX_TEXT = 1000;
/** What is shown of a long text before the first place where both sides differ. */
const BEFORE = 100;

/** Fields of any collection whose value nobody is shown, by a word in the name of them or of what they are in. */
const SECRET_NAME =
  /secret|passw|credential|authorization|cookie|token|api[-_]?key|private[-_]?key|signature/i;
/** And by their place: what a source sends to be let in, and the hash that a key is found by. */
const SECRET_PLACES: Readonly<Record<string, RegExp>> = {
  api_keys: /^hash$/,
  sources: /^source\.(secrets|auth)(\.|$)/,
};

/** Where documents name the tenant that they belong to. */
const TENANT_PATHS = ['tenant', 'event.tenant'];

/** The value at one place: its bytes decide, its text is shown. */
type Leaf = { readonly exact: string; readonly shown: string };

/** Compares a document of both sides, each as its bytes or null where it is not, field by field; secrets are left out. */
export function compareDocuments(
  collection: string,
  primary: Uint8Array | null,
  backup: Uint8Array | null,
): Omit<LookedAt, 'readAt'> {
  const [here, there] = [toLeaves(primary), toLeaves(backup)];
  const paths = [...new Set([...here.keys(), ...there.keys()])];
  const fields = paths.map((path) => toField(collection, path, here.get(path), there.get(path)));
  const equal = isSame(primary, backup);
  const isOnBoth = primary !== null && backup !== null;
  return {
    onPrimary: primary !== null,
    onBackup: backup !== null,
    equal,
    orderDiffers: isOnBoth && !equal && !fields.some(({ differs }) => differs),
    fields: choose(fields),
    fieldCount: fields.length,
    tenants: [here, there].flatMap(listTenants),
  };
}

function isSame(primary: Uint8Array | null, backup: Uint8Array | null): boolean {
  if (primary === null || backup === null) return primary === backup;
  return Buffer.compare(primary, backup) === 0;
}

function listTenants(leaves: ReadonlyMap<string, Leaf>): readonly string[] {
  return TENANT_PATHS.flatMap((path) => {
    const tenant: unknown = JSON.parse(leaves.get(path)?.exact ?? 'null');
    return tenant === null ? [] : [String(tenant)];
  });
}

function toLeaves(raw: Uint8Array | null): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  if (raw !== null) addLeaves(leaves, '', decodeDocument(raw).document);
  return leaves;
}

function addLeaves(leaves: Map<string, Leaf>, path: string, value: unknown): void {
  const entries = listEntries(value);
  if (entries === null || (entries.length === 0 && path !== '')) {
    const exact = toExact(value);
    leaves.set(path, { exact, shown: toShown(value, exact) });
    return;
  }
  for (const [name, inner] of entries) addLeaves(leaves, path === '' ? name : `${path}.${name}`, inner);
}

/** What is in an object or an array; null for every other value. */
function listEntries(value: unknown): readonly (readonly [string, unknown])[] | null {
  if (value instanceof Map) return [...(value as Map<string, unknown>)];
  if (Array.isArray(value)) return value.map((item, index) => [`${index}`, item]);
  if (typeof value !== 'object' || value === null || '_bsontype' in value) return null;
  return value instanceof Date || value instanceof Uint8Array ? null : Object.entries(value);
}

/** The value with its type. */
function toExact(value: unknown): string {
  return BSON.EJSON.stringify({ v: value }, { relaxed: false }).slice('{"v":'.length, -1);
}

/** The value as a person reads it. */
function toShown(value: unknown, exact: string): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? exact : value.toISOString();
  if (value instanceof ObjectId) return `ObjectId ${value.toHexString()}`;
  if (value instanceof Binary) return toBinaryText(value);
  if (value instanceof BSON.Int32 || value instanceof BSON.Long || value instanceof BSON.Double) {
    return `${value}`;
  }
  return exact;
}

function toBinaryText({ buffer, sub_type: subType }: Binary): string {
  try {
    if (subType === Binary.SUBTYPE_DEFAULT) return new TextDecoder('utf-8', { fatal: true }).decode(buffer);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return `${buffer.byteLength} B, base64 ${Buffer.from(buffer).toString('base64')}`;
}

function toField(
  collection: string,
  path: string,
  here: Leaf | undefined,
  there: Leaf | undefined,
): ComparedField {
  const differs = here?.exact !== there?.exact;
  const hidden = isSecret(collection, path);
  if (hidden) {
    const toHidden = (leaf: Leaf | undefined) => (leaf === undefined ? null : 'not shown');
    return { path, primary: toHidden(here), backup: toHidden(there), differs, hidden };
  }
  // Values that read the same and are not, 1 and 1.0 for instance, are shown with their types.
  const isTyped = differs && here?.shown === there?.shown;
  const [left, right] = [here, there].map((leaf) => (isTyped ? leaf?.exact : leaf?.shown) ?? null);
  const from = findCut(left, right);
  return { path, primary: cut(left, from), backup: cut(right, from), differs, hidden };
}

function isSecret(collection: string, path: string): boolean {
  if (SECRET_PLACES[collection]?.test(path) === true) return true;
  return path.split('.').some((name) => SECRET_NAME.test(name));
}

function findCut(left: string | null | undefined, right: string | null | undefined): number {
  if (left == null || right == null) return 0;
  let at = 0;
  while (at < left.length && at < right.length && left[at] === right[at]) at += 1;
  return at < MAX_TEXT || at === left.length || at === right.length ? 0 : at - BEFORE;
}

function cut(text: string | null | undefined, from: number): string | null {
  if (text == null) return null;
  const part = text.slice(from, from + MAX_TEXT);
  const after = text.length - from - part.length;
  return `${from > 0 ? '… ' : ''}${part}${after > 0 ? ` … ${after} more` : ''}`;
}

function choose(fields: readonly ComparedField[]): readonly ComparedField[] {
  if (fields.length <= MAX_FIELDS) return fields;
  const differing = new Set(fields.filter(({ differs }) => differs).slice(0, MAX_FIELDS));
  let room = MAX_FIELDS - differing.size;
  return fields.filter((field) => differing.has(field) || (!field.differs && room-- > 0));
}
