import type { Mutant } from '../mutant.ts';
import { integration, unit } from '../proof.ts';

const lists = integration('packages/store/test/lists.test.ts');
const checkpoints = integration('packages/store/test/checkpoints.test.ts');
const leases = integration('packages/store/test/leases.test.ts');

/** Polling, watching, who may see what, and who is believed. */
export const reading: readonly Mutant[] = [
  {
    name: 'saves the checkpoint of a poll before its records are kept',
    breaks: 10,
    file: 'apps/scheduler/src/poll-run.ts',
    find: '      const accepted = await keepEvents(page);',
    replace: '      void keepEvents(page).catch(() => undefined);\n      const accepted = 0;',
    tests: integration('apps/scheduler/test/polling.test.ts'),
  },
  {
    name: 'saves a checkpoint over that of another run',
    breaks: 10,
    file: 'packages/store/src/checkpoints.ts',
    find: '        { _id: source, revision },\n        { $set: set },',
    replace: '        { _id: source },\n        { $set: set },',
    tests: checkpoints,
  },
  {
    name: 'moves the point of a source ahead of its clock',
    breaks: 10,
    file: 'packages/sources/src/poll/cursor.ts',
    find: 'atMs: Math.min(reached.atMs, asOfMs) }',
    replace: 'atMs: reached.atMs }',
    tests: unit('packages/sources/src/poll/cursor.test.ts'),
  },
  {
    name: 'gives a lease that is held to another',
    breaks: 10,
    file: 'packages/store/src/leases.ts',
    find: 'return found?.grant === grant ? { name, holder, fence: found.fence } : null;',
    replace: 'return found === null ? null : { name, holder, fence: found.fence };',
    tests: leases,
  },
  {
    name: 'prolongs a lease that has passed to another',
    breaks: 10,
    file: 'packages/store/src/leases.ts',
    find: '        { _id: name, fence, holder: { $ne: null } },',
    replace: '        { _id: name, holder: { $ne: null } },',
    tests: leases,
  },
  {
    name: 'lets a watcher resume where messages have left',
    breaks: 8,
    file: 'apps/live/src/ring.ts',
    find: '      if (floor === null || token < floor) return undefined;',
    replace: '      if (floor === null) return undefined;',
    tests: unit('apps/live/src/ring.test.ts'),
  },
  {
    name: 'shows the raw event of another tenant',
    breaks: 'tenants',
    file: 'packages/store/src/raw-events.ts',
    find: '      collection.findOne({ _id: id, tenant }, {',
    replace: '      collection.findOne({ _id: id }, {',
    tests: lists,
  },
  {
    name: 'lists the records of every tenant',
    breaks: 'tenants',
    file: 'packages/store/src/normalized-events.ts',
    find: '  return {\n    tenant,\n    ...(source',
    replace: '  return {\n    ...(source',
    tests: lists,
  },
  {
    name: 'compares a signature with the parsed body instead of its bytes',
    breaks: 'signatures',
    file: 'packages/sources/src/schemes/signed-content.ts',
    find: "  if (part === '{body}') return ({ body }) => body;",
    replace: `  if (part === '{body}') {
    return ({ body }) => {
      const text = Buffer.from(body).toString('utf8');
      try {
        return Buffer.from(JSON.stringify(JSON.parse(text)));
      } catch {
        return body;
      }
    };
  }`,
    tests: unit('packages/sources/src/schemes/github.test.ts'),
  },
  {
    name: 'tries the first of several secrets only',
    breaks: 'signatures',
    file: 'packages/sources/src/schemes/signature.ts',
    find: '  for (const secret of secrets) {',
    replace: '  for (const secret of secrets.slice(0, 1)) {',
    tests: unit('packages/sources/src/schemes/github.test.ts'),
  },
  {
    name: 'believes a signed time however old it is',
    breaks: 'signatures',
    file: 'packages/sources/src/schemes/signed-time.ts',
    find: '  return Math.abs(nowMs - ms) <= toleranceSeconds * 1000;',
    replace: '  return ms <= nowMs || ms - nowMs <= toleranceSeconds * 1000;',
    tests: unit('packages/sources/src/schemes/slack.test.ts'),
  },
];
