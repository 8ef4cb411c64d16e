import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createApiKeys, type NewKeyRecord } from '../src/api-keys.ts';
import { toCollection } from '../src/collections.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const keys = createApiKeys(connection);

function newKey(fields: Partial<NewKeyRecord> = {}): NewKeyRecord {
  const id = `slk_${randomBytes(6).toString('hex')}`;
  const hash = createHash('sha256').update(id).digest('hex');
  const rest = { tenant: 'default', name: 'ada', role: 'admin', sources: null, expiresAt: null } as const;
  return { id, hash, ...rest, createdBy: 'a test', ...fields };
}

async function add(fields: Partial<NewKeyRecord> = {}): Promise<string> {
  const record = newKey(fields);
  await keys.create(record);
  return record.id;
}

describe('keys', () => {
  beforeEach(async () => {
    await toCollection(connection, 'api_keys').deleteMany({});
  });

  it('are read as they were made, once', async () => {
    const record = newKey({ role: 'sender', sources: ['shop'] });
    expect(await keys.create(record)).toMatchObject({ id: record.id, createdBy: 'a test', lastUsedAt: null });
    expect(await keys.create(record)).toBe('exists');
    const { createdBy: _, ...rest } = record;
    expect(await keys.read(record.id)).toEqual({ ...rest, kind: 'key', parent: null, revokedAt: null });
    expect(await keys.read('slk_none')).toBeNull();
  });

  it('leave one admin of those who revoke each other at once, however many there are', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => add()));
    const outcomes = await Promise.all(ids.map((id) => keys.revoke('default', id)));
    expect(outcomes.filter((outcome) => outcome === 'last-admin')).toHaveLength(1);
    expect(await keys.hasAdmin('default')).toBe(true);
  });

  it('that have expired do not count as admins', async () => {
    await add({ expiresAt: new Date(Date.now() - 1000) });
    expect(await keys.hasAdmin('default')).toBe(false);
    expect(await keys.revoke('default', await add())).toBe('last-admin');
    expect(await keys.revoke('elsewhere', await add())).toBe('missing');
  });

  it('leave no session in force, also when one is made while they are revoked', async () => {
    await add();
    for (let round = 0; round < 10; round += 1) {
      const parent = await add();
      const sessions = Array.from({ length: 4 }, () => newKey({ expiresAt: new Date(Date.now() + 60_000) }));
      await Promise.all([
        keys.revoke('default', parent),
        ...sessions.map((session) => keys.createSession({ ...session, parent })),
      ]);
      for (const { id } of sessions) expect((await keys.read(id))?.revokedAt).not.toBeNull();
      expect(await keys.createSession({ ...newKey(), parent })).toBe('revoked');
    }
  });

  it('note their last use to the minute, and never an earlier one', async () => {
    const id = await add();
    await keys.noteUses(new Map([[id, new Date('2026-01-01T00:05:59.999Z')]]));
    await keys.noteUses(new Map([[id, new Date('2026-01-01T00:03:00Z')]]));
    const { items } = await keys.list('default', { limit: 5 });
    expect(items).toMatchObject([{ id, lastUsedAt: '2026-01-01T00:05:00.000Z' }]);
  });

  it('are listed for the mirror with their sessions, revoked ones too', async () => {
    const [admin, parent] = [await add(), await add()];
    const session = newKey({ parent, expiresAt: new Date(Date.now() + 60_000) } as Partial<NewKeyRecord>);
    await keys.createSession({ ...session, parent });
    await keys.revoke('default', parent);
    const listed = await keys.listForMirror();
    expect(listed.map(({ id, revokedAt }) => [id, revokedAt !== null]).sort()).toEqual(
      [
        [admin, false],
        [parent, true],
        [session.id, true],
      ].sort(),
    );
    expect(await keys.endSession(session.id)).toBeNull();
  });
});
