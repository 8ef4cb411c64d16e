import type { Mutant } from '../mutant.ts';
import { integration, only, unit } from '../proof.ts';

const ACCESS = 'packages/runtime/src/access.ts';
const KEY_CHECK = 'packages/protocol/src/key-check.ts';
const guard = integration('packages/runtime/test/access.test.ts');
const keyCheck = unit('packages/protocol/src/key-check.test.ts');
const session = integration('apps/api/test/session.test.ts');
const everyRoute = (name: string) => only(name, integration('apps/api/test/access.test.ts'));

/** Who may do what, and the record of it. */
export const guarding: readonly Mutant[] = [
  {
    name: 'leaves a route open that names no role',
    breaks: 'access',
    file: ACCESS,
    find: '  throw new Error(`The route',
    replace: "  return { role: 'anybody' };\n  throw new Error(`The route",
    tests: guard,
  },
  {
    name: 'lets a key do what takes a higher role',
    breaks: 'access',
    file: ACCESS,
    find: "role !== 'anybody' && !mayActAs(caller.role, role)",
    replace: "role === 'anybody' && !mayActAs(caller.role, role)",
    tests: guard,
  },
  {
    name: 'lets every tenant change what concerns all of them',
    breaks: 'tenants',
    file: ACCESS,
    find: "scope === 'system' && caller.tenant !== DEFAULT_TENANT",
    replace: "scope === 'system' && caller.tenant === ''",
    tests: guard,
  },
  {
    name: 'takes a session from a page of another origin',
    breaks: 'access',
    file: ACCESS,
    find: '  if (isCookie && needsOwnPage(request) && !isFromOwnPage(request)) {',
    replace: '  if (isCookie && !needsOwnPage(request) && !isFromOwnPage(request)) {',
    tests: session,
  },
  {
    name: 'takes a revoked key',
    breaks: 'access',
    file: KEY_CHECK,
    find: 'record.revokedAt !== null || ',
    replace: '',
    tests: keyCheck,
  },
  {
    name: 'takes any secret of a known key',
    breaks: 'access',
    file: KEY_CHECK,
    find: ' || !isSame(record.hash, digest)',
    replace: '',
    tests: keyCheck,
  },
  {
    name: 'takes a known key after its time',
    breaks: 'access',
    file: KEY_CHECK,
    find: 'holder.expiresAt.getTime() <= nowMs ? null : holder',
    replace: 'holder.expiresAt.getTime() <= 0 ? null : holder',
    tests: keyCheck,
  },
  {
    name: 'says that a key is unknown when nobody can say',
    breaks: 1,
    file: KEY_CHECK,
    find: '    if (record !== null) return record;\n    throw',
    replace: '    if (record === null || record !== null) return record;\n    throw',
    tests: keyCheck,
  },
  {
    name: 'takes a revocation in the mirror back',
    breaks: 'access',
    file: 'packages/queue/src/key-mirror.ts',
    find: '    return revokedAt === null || revokedAt === undefined',
    replace: '    return revokedAt !== undefined',
    tests: integration('packages/queue/test/key-mirror.test.ts'),
  },
  {
    name: 'stores a session beside the revocation of its key',
    breaks: 'access',
    file: 'packages/store/src/api-keys.ts',
    find: '      const { matchedCount } = await collection.updateOne(parent, { $inc: { guard: 1 } }, options);\n      if (matchedCount === 0)',
    replace: '      if ((await collection.findOne(parent)) === null)',
    tests: integration('packages/store/test/api-keys.test.ts'),
  },
  {
    name: 'lets two admins revoke each other',
    breaks: 'access',
    file: 'packages/store/src/api-keys.ts',
    find: '    const { matchedCount } = await collection.updateOne(other, { $inc: { guard: 1 } }, options);\n    return matchedCount === 1;',
    replace: '    return (await collection.findOne(other, options)) !== null;',
    tests: integration('packages/store/test/api-keys.test.ts'),
  },
  {
    name: 'gives an event to another tenant, which declared a source of its name',
    breaks: 'tenants',
    file: 'apps/ingest/src/intake.ts',
    find: 'return keyId === null ? null : tenant;',
    replace: 'return keyId === null || tenant ? null : tenant;',
    tests: unit('apps/ingest/src/acceptor.test.ts'),
  },
  {
    name: 'lets an operator send the secret of another source to a host of its own',
    breaks: 'access',
    file: 'apps/api/src/sources/stored-source.ts',
    find: "if (!mayActAs(role, 'admin') && ",
    replace: "if (!mayActAs(role, 'operator') && ",
    tests: integration('apps/api/test/source-secrets.test.ts'),
  },
  {
    name: 'shows a source to every tenant',
    breaks: 'tenants',
    file: 'apps/api/src/sources/find-source.ts',
    find: ' && record.tenant === tenant',
    replace: '',
    tests: everyRoute('tells nothing of another tenant'),
  },
  {
    name: 'tells another tenant that an event was accepted',
    breaks: 'tenants',
    file: 'apps/api/src/detail/event-details.ts',
    find: 'return owner === tenant ? toMissingDetail(id, mark) : null;',
    replace: 'return owner === null ? null : toMissingDetail(id, mark);',
    tests: everyRoute('tells nothing of another tenant'),
  },
  {
    name: 'writes the audit log without masking secrets',
    breaks: 'access',
    file: 'apps/api/src/audit-changes.ts',
    find: '  if (SECRET_FIELD.test(field)) return MASK;\n',
    replace: '',
    tests: unit('apps/api/src/audit-changes.test.ts'),
  },
  {
    name: 'does not record what was refused for the role',
    breaks: 'access',
    file: 'apps/api/src/audit-hook.ts',
    find: 'else if (status === 403 && ',
    replace: 'else if (status === 402 && ',
    tests: integration('apps/api/test/audit.test.ts'),
  },
];
