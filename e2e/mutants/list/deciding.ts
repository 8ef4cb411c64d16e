import type { Mutant } from '../mutant.ts';
import { unit } from '../proof.ts';

const DECIDE = 'packages/protocol/src/decide.ts';
const decide = unit('packages/protocol/src/decide.test.ts');

/** What an event is, and what becomes of it beside those that are known. */
export const deciding: readonly Mutant[] = [
  {
    name: 'gives an event a random id',
    breaks: 2,
    file: 'packages/normalizer/src/identity.ts',
    find: 'idempotencyKey: string): string {\n',
    replace: 'idempotencyKey: string): string {\n  return toId(crypto.randomUUID());\n',
    tests: unit('packages/normalizer/src/identity.test.ts'),
  },
  {
    name: 'takes equal records of two sources for one',
    breaks: 2,
    file: 'packages/normalizer/src/normalized-hash.ts',
    find: '{canonicalize(source)},',
    replace: '{canonicalize(tenant)},',
    tests: unit('packages/normalizer/src/normalized-hash.test.ts'),
  },
  {
    name: 'decides a twin against its batch-mate, which nothing has stored yet',
    breaks: 2,
    file: DECIDE,
    find: "      if (claimed.has(key)) return 'later';",
    replace: `      const mate = normalized.find((record) => record.normalizedHash === normalizedHash);
      if (mate !== undefined) {
        const twin = { id: mate._id, contentHash: mate.contentHash };
        return toDuplicate(id, event.contentHash, twin, normalizedHash);
      }`,
    tests: decide,
  },
  {
    name: 'decides a reused key before the batch-mate that has the key is stored',
    breaks: 2,
    file: DECIDE,
    find: 'if (claimed.has(id) || claimed.has(first)) {',
    replace: 'if (claimed.has(id)) {',
    tests: decide,
  },
  {
    name: 'drops another body of a known key',
    breaks: 1,
    file: DECIDE,
    find: '  return raw !== undefined && raw.contentHash !== event.contentHash;',
    replace: '  return false;',
    tests: decide,
  },
  {
    name: 'changes the status of a final event',
    breaks: 2,
    file: 'packages/contracts/src/status.ts',
    find: '  normalized: [],',
    replace: "  normalized: ['normalized', 'duplicate', 'failed', 'dead', 'pending'],",
    tests: decide,
  },
  {
    name: 'lets an earlier run of an event overwrite a later one',
    breaks: 2,
    file: 'packages/protocol/src/turn.ts',
    find: "  if (candidate.run !== raw.run) return candidate.run < raw.run ? 'stale' : candidate;",
    replace: '  if (candidate.run !== raw.run) return candidate;',
    tests: decide,
  },
  {
    name: 'lets an earlier attempt at an event overwrite a later one',
    breaks: 2,
    file: 'packages/protocol/src/turn.ts',
    find: "  if (candidate.attempt < raw.attempts) return 'stale';\n",
    replace: '',
    tests: decide,
  },
  {
    name: 'begins a new run when the batch of a dead event runs again after a crash',
    breaks: 2,
    file: 'packages/protocol/src/turn.ts',
    find: "    if (isSameDelivery(candidate, raw)) return 'repeat';\n",
    replace: '',
    tests: decide,
  },
  {
    name: 'counts an event twice whose batch runs again after a crash',
    breaks: 3,
    file: DECIDE,
    find: "  return raw === undefined || raw.batch === toReceiptId(batch) ? 'accepted' : 'merged';",
    replace: "  return raw === undefined ? 'accepted' : 'merged';",
    tests: decide,
  },
  {
    name: 'files no job again for an event that failed right before a crash',
    breaks: 3,
    file: 'packages/protocol/src/decide.ts',
    find: '      settle(candidate, toStoredOutcome(candidate, raw), counted);',
    replace: "      settle(candidate, { kind: 'merged', id }, counted);",
    tests: decide,
  },
];
