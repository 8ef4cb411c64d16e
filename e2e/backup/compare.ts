import { createHash } from 'node:crypto';
import { BSON, type Db } from 'mongodb';

/** What is never copied. */
const OWN: ReadonlySet<string> = new Set(['leases', 'resume_tokens', 'sync_failures']);

/** What a collection holds: each document's hash by its id. */
type Content = ReadonlyMap<string, string>;

/** Lists the collections of either side that are copied. */
export async function listCopied(...dbs: readonly Db[]): Promise<readonly string[]> {
  const lists = await Promise.all(
    dbs.map((db) => db.listCollections({ type: 'collection' }, { nameOnly: true }).toArray()),
  );
  const names = lists.flat().map(({ name }) => name);
  return [...new Set(names)].filter((name) => !OWN.has(name) && !name.startsWith('system.')).sort();
}

/** Reads what a collection holds, as a majority has it. */
export async function readContent(db: Db, name: string): Promise<Content> {
  const cursor = db
    .collection(name)
    .find<Uint8Array>({}, { raw: true, sort: { _id: 1 }, readConcern: 'majority', batchSize: 5000 });
  const content = new Map<string, string>();
  for await (const raw of cursor) {
    const id = BSON.EJSON.stringify(BSON.deserialize(raw)['_id'], { relaxed: false });
    content.set(id, createHash('sha256').update(raw).digest('base64'));
  }
  return content;
}

/**
 * Creates the judge of one collection, which is given both sides again and again: some collections go on changing by
 * themselves, and the backup is a moment behind. It tells in a few words how the backup differs from all that the
 * primary has held since; null when it does not.
 */
export function createJudge(name: string): (primary: Content, backup: Content) => string | null {
  const versions = new Map<string, Set<string>>();
  let before: Content = new Map();

  return (primary, backup) => {
    for (const [id, hash] of primary) {
      const known = versions.get(id);
      if (known === undefined) versions.set(id, new Set([hash]));
      else known.add(hash);
    }
    const missing = [...primary.keys()].filter((id) => !backup.has(id)).length;
    const extra = [...backup.keys()].filter((id) => !primary.has(id) && !before.has(id)).length;
    const unequal = [...backup].filter(([id, hash]) => versions.get(id)?.has(hash) === false).length;
    before = primary;
    if (missing + extra + unequal === 0) return null;
    return `${name}: ${missing} missing, ${extra} extra, ${unequal} unequal of ${primary.size}`;
  };
}
