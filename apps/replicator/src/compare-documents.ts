import { createHash } from 'node:crypto';
import type { ComparedField, LookedAt } from '@sluice/contracts/sync-differences';
import { Binary, BSON, ObjectId } from 'mongodb';
import {
  countElements,
  countLeaves,
  decodeElement,
  type Element,
  hasElements,
  readElements,
  toElement,
} from './bson-elements.ts';

/** How many fields are shown, and how much of the text of each. */
const MAX_FIELDS = 300;
const MAX_TEXT = 1000;
/** What is shown of a long text before the first place where both sides differ. */
const BEFORE = 100;
/** How many values are looked at one by one: comparing keeps the process from everything else. */
const MAX_LEAVES = 20_000;
/** The path of a document that has more fields than that. */
const ALL_OF_IT = '(document)';

/** Fields of any collection whose value nobody is shown, by a word in the name of them or of what they are in. */
const SECRET_NAME =
  /secret|passw|credential|authorization|cookie|token|api[-_]?key|private[-_]?key|signature/i;
/** And by their place: what a source sends to be let in, and the hash that a key is found by. */
const SECRET_PLACES: Readonly<Record<string, RegExp>> = {
  api_keys: /^hash$/,
  sources: /^source\.(secrets|auth)(\.|$)/,
};

/** Where documents name the tenant that they belong to. */
const TENANT_PATHS = [['tenant'], ['event', 'tenant']];

/** The value at one place: its bytes decide, its text is shown. */
type Leaf = {
  /** The value with its type; of one that has too many values in it a hash. */
  readonly exact: string;
  readonly shown: string;
  readonly isHash: boolean;
};

/** What one side has at the place that is looked at, and what was found of it so far. */
type Side = { readonly element: Element | undefined; readonly leaves: Map<string, Leaf> };

/** Compares a document of both sides, each as its bytes or null where it is not, field by field; secrets are left out. */
export function compareDocuments(
  collection: string,
  primary: Uint8Array | null,
  backup: Uint8Array | null,
): Omit<LookedAt, 'readAt'> {
  const here = toSide(primary);
  const there = toSide(backup);
  addLeaves([here, there], null, MAX_LEAVES);
  const paths = [...new Set([here, there].flatMap(({ leaves }) => [...leaves.keys()]))];
  const fields = paths.map((path) =>
    toField(collection, path, here.leaves.get(path), there.leaves.get(path)),
  );
  const equal = isSame(primary, backup);
  const isOnBoth = primary !== null && backup !== null;
  return {
    onPrimary: primary !== null,
    onBackup: backup !== null,
    equal,
    orderDiffers: isOnBoth && !equal && !fields.some(({ differs }) => differs),
    fields: choose(fields),
    fieldCount: fields.length,
    tenants: [here, there].flatMap(({ element }) => (element === undefined ? [] : listTenants(element))),
  };
}

function toSide(raw: Uint8Array | null): Side {
  return { element: raw === null ? undefined : toElement(raw), leaves: new Map() };
}

function isSame(primary: Uint8Array | null, backup: Uint8Array | null): boolean {
  if (primary === null || backup === null) return primary === backup;
  return Buffer.compare(primary, backup) === 0;
}

function listTenants(document: Element): readonly string[] {
  return TENANT_PATHS.flatMap((names) => {
    const found = names.reduce<Element | undefined>(
      (element, name) => element && readElements(element).get(name),
      document,
    );
    const tenant = found === undefined ? null : decodeElement(found);
    return tenant === null ? [] : [String(tenant)];
  });
}

/**
 * Adds what the sides have at a place, null being the whole document, and returns how many more values there may be. Both
 * at once, so that a value is listed on both, or compared as a whole on both.
 */
function addLeaves(sides: readonly Side[], path: string | null, room: number): number {
  const count = Math.max(...sides.map(({ element }) => (element === undefined ? 0 : countElements(element))));
  const isWhole = count > room;
  for (const { element, leaves } of sides) {
    if (element === undefined) continue;
    if (isWhole && hasElements(element)) leaves.set(path ?? ALL_OF_IT, toHash(element));
    else if (countElements(element) === 0) leaves.set(path ?? ALL_OF_IT, toLeaf(element));
  }
  if (isWhole || count === 0) return room;
  const places = sides.map(({ element, leaves }) => ({
    inner: element === undefined ? new Map<string, Element>() : readElements(element),
    leaves,
  }));
  let left = room - count;
  for (const name of new Set(places.flatMap(({ inner }) => [...inner.keys()]))) {
    const next = places.map(({ inner, leaves }) => ({ element: inner.get(name), leaves }));
    left = addLeaves(next, path === null ? name : `${path}.${name}`, left);
  }
  return left;
}

function toLeaf(element: Element): Leaf {
  const value = decodeElement(element);
  const exact = toExact(value);
  return { exact, shown: toShown(value, exact), isHash: false };
}

/** Makes one leaf of a value with too many in it. Its content is never shown, because nobody has looked for secrets in it. */
function toHash(element: Element): Leaf {
  const exact = createHash('sha256').update(element.bytes).digest('hex');
  return {
    exact: `${element.type} ${exact}`,
    shown: `${countLeaves(element)} values, too many to list`,
    isHash: true,
  };
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
  const isTyped = differs && here?.shown === there?.shown && here?.isHash !== true;
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
