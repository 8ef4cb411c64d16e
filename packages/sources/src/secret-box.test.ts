import { randomBytes } from 'node:crypto';
import { type Source, sourceSchema, storedSourceSchema } from '@sluice/contracts/source';
import { describe, expect, test } from 'vitest';
import { createSecretBox, SecretsKeyError } from './secret-box.ts';
import { createSourceSealer, openSource } from './source-sealer.ts';

const newKey = () => randomBytes(32).toString('base64');
const key = newKey();
const box = createSecretBox({ key });

describe('createSecretBox', () => {
  test.each(['s3cret', '', 'ключ 🔑', 'x'.repeat(5000)])('opens what it sealed', (secret) => {
    const sealed = box.seal('shop', secret);
    expect(box.open('shop', sealed)).toBe(secret);
    expect(sealed).not.toContain(secret || '\0');
    expect(box.seal('shop', secret)).not.toBe(sealed);
  });

  test('opens a secret only for its own source', () => {
    const sealed = box.seal('shop', 'hunter2');
    expect(() => box.open('shop2', sealed)).toThrow(SecretsKeyError);
  });

  test('refuses every changed character, and says nothing of what it held', () => {
    const sealed = box.seal('shop', 'hunter2');
    for (let at = 0; at < sealed.length; at += 1) {
      const other = sealed[at] === 'A' ? 'E' : 'A';
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      expect(() => box.open('shop', changed), changed).toThrow(/^A secret of source shop /);
    }
    expect(() => box.open('shop', sealed.slice(0, -1))).toThrow(SecretsKeyError);
    expect(() => box.open('shop', 'hunter2')).toThrow(/^(?!.*hunter2)/s);
  });

  test('opens with old keys, seals with the new one', () => {
    const sealed = box.seal('shop', 'hunter2');
    const next = newKey();
    const rotated = createSecretBox({ key: next, oldKeys: [newKey(), key] });
    expect(rotated.open('shop', sealed)).toBe('hunter2');
    expect(rotated.isCurrent(sealed)).toBe(false);
    const again = rotated.seal('shop', 'hunter2');
    expect(rotated.isCurrent(again)).toBe(true);
    expect(createSecretBox({ key: next }).open('shop', again)).toBe('hunter2');
    expect(() => createSecretBox({ key: next }).open('shop', sealed)).toThrow(/SECRETS_KEYS_OLD/);
  });

  test('seals nothing without a key, and says what to do', () => {
    const none = createSecretBox({});
    expect(() => none.seal('shop', 'hunter2')).toThrow(
      /^Source shop has a secret.*openssl rand -base64 32.*env/s,
    );
    expect(() => none.seal('shop', 'hunter2')).not.toThrow(/hunter2/);
    expect(none.isCurrent(box.seal('shop', 'x'))).toBe(false);
  });

  test('refuses a key of another length', () => {
    expect(() => createSecretBox({ key: 'c2hvcnQ=' })).toThrow(TypeError);
  });
});

const SOURCES: readonly Source[] = [
  {
    ...{ id: 'shop', kind: 'push', scheme: 'github', type: 'sale' },
    secrets: [{ value: 'one', expiresAt: '2027-01-01T00:00:00Z' }, { env: 'SHOP' }, { value: 'two' }],
    mapping: { type: 'sale', fields: { amount: { from: 'a' } } },
  },
  {
    ...{ id: 'erp', kind: 'poll', url: 'https://erp.example.com', schedule: '0 * * * * *', idPath: 'id' },
    cursor: { kind: 'id', param: 'after', path: 'id' },
    auth: { type: 'basic', username: 'me', secret: { value: 'three' } },
  },
  { ...{ id: 'bare', kind: 'push' } },
].map((source) => sourceSchema.parse(source));

describe('sealed sources', () => {
  const sealer = createSourceSealer(box);

  test.each(SOURCES)('$id is stored without a readable secret and comes back whole', (source) => {
    const stored = sealer.seal(source);
    expect(storedSourceSchema.parse(JSON.parse(JSON.stringify(stored)))).toEqual(stored);
    expect(JSON.stringify(stored)).not.toMatch(/"value"|"(one|two|three)"|mapping/);
    const { mapping: _, ...body } = source;
    expect(openSource(stored, box)).toEqual(body);
    expect(sealer.isSame(stored, source)).toBe(true);
    expect(sealer.isSame(stored, { ...source, schemaVersion: 2 })).toBe(false);
  });

  test('are not the same once the key or a secret is another', () => {
    const [shop] = SOURCES;
    if (shop?.kind !== 'push') throw new Error('not a push source');
    const stored = sealer.seal(shop);
    expect(sealer.isSame(stored, { ...shop, secrets: [{ value: 'one' }] })).toBe(false);
    const rotated = createSourceSealer(createSecretBox({ key: newKey(), oldKeys: [key] }));
    expect(rotated.isSame(stored, shop)).toBe(false);
    expect(createSourceSealer(createSecretBox({ key: newKey() })).isSame(stored, shop)).toBe(false);
  });

  test('need no key where secrets are only named', () => {
    const named = sourceSchema.parse({ id: 'g', kind: 'push', scheme: 'github', secrets: [{ env: 'G' }] });
    const keyless = createSourceSealer(createSecretBox({}));
    expect(keyless.isSame(keyless.seal(named), named)).toBe(true);
  });
});
