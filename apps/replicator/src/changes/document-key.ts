import { BSON } from 'mongodb';
import { decodeDocument } from '../decode-document.ts';

/**
 * Reads the id in a document's key (`_id`, and what it is sharded by), or in the document itself. Of a key that is not exact
 * nobody knows which document it names: what was read of it may be the id of another one.
 */
export function readKey(given: Uint8Array): { readonly id: unknown; isExact(): boolean } {
  // A copy: an id that is bytes would keep in memory all that it came with.
  const raw = new Uint8Array(given);
  const { id, document } = decodeDocument(raw);
  return { id, isExact: () => Buffer.compare(BSON.serialize(document), raw) === 0 };
}
