/**
 * What an entry of the oplog says that changed. What its fields mean MongoDB promises to nobody, so that an entry counts only if
 * all of it is known here; of any other it is said what is not. The fields: src/mongo/db/repl/oplog_entry.idl.
 */
import { BSON, type Timestamp } from 'mongodb';
import { AS_STORED } from '../as-stored.ts';
import { type Change, MAX_TOGETHER } from './change.ts';
import { readKey } from './document-key.ts';

/** What an entry changed, or why nobody can say so. */
export type ReadEntry =
  | { readonly at: Timestamp; readonly changes: readonly Change[] }
  | { readonly unknown: string };

/** Reads the entries of one database's changes. */
export type EntryReader = (raw: Uint8Array) => ReadEntry;

/** An operation, as an entry has it or one of a transaction. */
type Operation = {
  readonly op: string;
  readonly ns: string;
  readonly o: Uint8Array;
  readonly o2?: Uint8Array;
};

type Entry = Operation & { readonly v: unknown; readonly ts: Timestamp; readonly wall?: Date };

const VERSION = 2;

const OPERATION_FIELDS: ReadonlySet<string> = new Set([
  ...['op', 'ns', 'o', 'o2'],
  // Which collection, by its number; of how an update or a delete was asked for.
  ...['ui', 'b'],
  // Of writes that are sent again when no answer came: which of a command, and what was answered.
  ...['stmtId', 'needsRetryImage'],
]);

const ENTRY_FIELDS: ReadonlySet<string> = new Set([
  ...OPERATION_FIELDS,
  ...['v', 'ts', 't', 'wall'],
  ...['lsid', 'txnNumber', 'prevOpTime', 'preImageOpTime', 'postImageOpTime'],
]);

/** Commands that change no document. */
const WITHOUT_CHANGES: ReadonlySet<string> = new Set([
  ...['create', 'createIndexes', 'startIndexBuild', 'commitIndexBuild', 'abortIndexBuild'],
  ...['dropIndexes', 'deleteIndexes', 'collMod', 'abortTransaction'],
]);

/** Commands of a transaction, which stand in no database. */
const OF_TRANSACTIONS: ReadonlySet<string> = new Set(['applyOps', 'commitTransaction', 'abortTransaction']);

const SYSTEM = 'system.';

class UnknownError extends Error {}

/** Creates a reader for one database, without the collections in `excluded`. */
export function createEntryReader(database: string, excluded: readonly string[]): EntryReader {
  const left = new Set(excluded);
  const prefix = `${database}.`;
  const commands = `${database}.$cmd`;

  function* readOperation({ op, ns, o, o2 }: Operation, entry: Entry): Generator<Change> {
    if (op === 'n') return;
    if (op === 'c') return yield* readCommand(ns, o, entry);
    if (!ns.startsWith(prefix)) return;
    const collection = ns.slice(prefix.length);
    if (left.has(collection) || collection.startsWith(SYSTEM)) return;
    const common = { collection, ...toCommon(entry) };
    if (op === 'i') yield { ...common, kind: 'insert', id: readKey(o2 ?? o).id, told: o };
    else if (op === 'u') yield { ...common, ...readUpdate(o), id: readKey(toPresent(o2)).id };
    else if (op === 'd') {
      const key = readKey(o);
      yield { ...common, kind: 'delete', id: key.id, ...(key.isExact() ? { told: null } : {}) };
    } else throw new UnknownError(`its operation is ${op}`);
  }

  function* readCommand(ns: string, o: Uint8Array, entry: Entry): Generator<Change> {
    const command = BSON.deserialize(o, { ...AS_STORED, raw: true });
    const [name = '', ...fields] = Object.keys(command);
    if (ns !== commands && !OF_TRANSACTIONS.has(name)) return;
    if (name === 'applyOps') {
      // In several entries, or prepared: only its last entry says whether it came to pass.
      if (fields.length > 0) throw new UnknownError(`it is part of a transaction, with ${fields.join(', ')}`);
      const operations: readonly Uint8Array[] = command[name];
      if (operations.length > MAX_TOGETHER) throw new UnknownError('it has very many operations');
      for (const raw of operations) {
        const operation = BSON.deserialize(raw, { ...AS_STORED, raw: true });
        checkFields(operation, OPERATION_FIELDS);
        yield* readOperation(operation as Operation, entry);
      }
    } else if (name === 'drop') {
      const collection = String(command[name]);
      if (left.has(collection) || collection.startsWith(SYSTEM)) return;
      yield { ...toCommon(entry), kind: 'drop', collection };
    } else if (name === 'renameCollection') {
      yield { ...toCommon(entry), kind: 'rename', collection: String(command[name]).slice(prefix.length) };
    } else if (name === 'dropDatabase') {
      yield { ...toCommon(entry), kind: 'invalidate' };
    } else if (!WITHOUT_CHANGES.has(name)) throw new UnknownError(`its command is ${name}`);
  }

  return (raw) => {
    const entry = BSON.deserialize(raw, { ...AS_STORED, raw: true }) as Entry;
    try {
      checkFields(entry, ENTRY_FIELDS);
      if (Number(entry.v) !== VERSION) throw new UnknownError(`its version is ${String(entry.v)}`);
      return { at: entry.ts, changes: [...readOperation(entry, entry)] };
    } catch (error) {
      if (error instanceof UnknownError) return { unknown: error.message };
      throw error;
    }
  };
}

function checkFields(given: object, known: ReadonlySet<string>): void {
  const unknown = Object.keys(given).find((field) => !known.has(field));
  if (unknown !== undefined) throw new UnknownError(`it has the field ${unknown}`);
}

function toCommon({ ts: at, wall }: Entry): Pick<Change, 'at' | 'wallAt' | 'behind'> {
  return { at, behind: { at }, ...(wall === undefined ? {} : { wallAt: wall }) };
}

/** A replacement is the document; anything else says what is different, and of which version the saying is. */
function readUpdate(o: Uint8Array): Pick<Change, 'kind' | 'told'> {
  const isDifference = '$v' in BSON.deserialize(o, { ...AS_STORED, raw: true });
  return isDifference ? { kind: 'update' } : { kind: 'replace', told: o };
}

function toPresent(o2: Uint8Array | undefined): Uint8Array {
  if (o2 === undefined) throw new UnknownError('it names no document');
  return o2;
}
