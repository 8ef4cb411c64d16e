import { pushSourceSchema, type Source, storedSourceSchema } from '@sluice/contracts/source';
import { createLogger } from '@sluice/runtime/logger';
import { createSecretBox } from '@sluice/sources/secret-box';
import { expect, it } from 'vitest';
import { createKnownSources } from './known-sources.ts';
import { parseContent, type SourceSnapshot, type StoredPush, toContent } from './source-snapshot.ts';

const box = createSecretBox({ key: Buffer.alloc(32, 7).toString('base64') });
const EMPTY: SourceSnapshot = { push: [], polled: [], unreadable: [], credentialHeaders: [] };

function create(declared: readonly Source[] = []) {
  return createKnownSources({
    declared,
    box,
    environment: { readEnv: () => undefined, now: () => 0 },
    logger: createLogger({ app: 'ingest', instance: 'test', level: 'silent' }),
  });
}

function toStored(id: string, scheme: object, revision = 1): SourceSnapshot['push'][number] {
  const source = pushSourceSchema.parse({ id, kind: 'push', scheme, secrets: [{ value: 'a secret' }] });
  const secrets = [{ sealed: box.seal(id, 'a secret') }];
  return { id, revision, source: storedSourceSchema.parse({ ...source, secrets }) as StoredPush };
}

it('is complete from the first reading on, also when nothing is declared', () => {
  const known = create();
  expect(known.sources.isComplete()).toBe(false);
  known.apply(parseContent(toContent(EMPTY)));
  expect(known.sources.isComplete()).toBe(true);
});

it('tells all secrets at once that the sources of the file lack', () => {
  const declared = ['till', 'shop'].map((id) =>
    pushSourceSchema.parse({ id, kind: 'push', scheme: 'github', secrets: [{ env: `${id}_SECRET` }] }),
  );
  expect(() => create(declared)).toThrow(/till_SECRET.*\n.*shop_SECRET/);
});

it('hides the headers of sources that are gone, for as long as it runs', () => {
  const known = create();
  const pin = toStored('pin', { type: 'api-key', header: 'X-Shop-Pin' });
  const sealed = toStored('sealed', { type: 'hmac', header: 'X-Sealed' });
  known.apply({ ...EMPTY, push: [pin, sealed] });
  known.apply({ ...EMPTY, push: [toStored('pin', { type: 'api-key', header: 'x-other' }, 2)] });
  known.apply(EMPTY);
  expect([...known.sources.credentialHeaders].sort()).toEqual(['x-other', 'x-shop-pin']);
  expect([...known.sources.signatureHeaders]).toEqual(['x-sealed']);
});

it('hides those that were gone before it started, from MongoDB or the mirror', () => {
  const known = create();
  const before = { ...EMPTY, polled: [{ id: 'erp', tenant: 'acme' }], credentialHeaders: ['x-shop-pin'] };
  const mirrored = parseContent(toContent(before));
  expect(mirrored).toEqual(before);
  known.apply(mirrored);
  expect([...known.sources.credentialHeaders]).toEqual(['x-shop-pin']);
});

it('knows of a source that cannot be read whose it is and what it claims, from MongoDB or the mirror', () => {
  const torn = { id: 'torn', tenant: 'acme', ceSource: '/torn' };
  const mirrored = parseContent(toContent({ ...EMPTY, unreadable: [torn] }));
  const copied = { push: [{ id: 'torn', revision: 1, source: { ...torn, kind: 'pigeon' } }] };
  for (const snapshot of [mirrored, parseContent({ ...copied, polled: [], unreadable: [] })]) {
    expect(snapshot.unreadable).toEqual([torn]);
    const { sources, apply } = create();
    apply(snapshot);
    expect([sources.mayExist('torn', 'acme'), sources.mayExist('torn', 'evil')]).toEqual([true, false]);
    expect([sources.mayClaim('/torn', 'acme'), sources.mayClaim('/torn', 'evil')]).toEqual([true, false]);
  }
  const ofOlder = parseContent({ push: [], polled: [], unreadable: ['torn'] });
  expect(ofOlder.unreadable).toEqual([{ id: 'torn', tenant: null, ceSource: null }]);
});

it('reads what an older build copied: a polled source may then be of any tenant', () => {
  const known = create();
  known.apply(parseContent({ push: [], polled: ['erp'], unreadable: [] }));
  expect(known.sources.hasForeignKeys('erp', 'acme')).toBe(true);
  known.apply({ ...EMPTY, polled: [{ id: 'erp', tenant: 'evil' }] });
  expect(known.sources.hasForeignKeys('erp', 'acme')).toBe(false);
  expect(known.sources.hasForeignKeys('erp', 'evil')).toBe(true);
});
