import { expect, it } from 'vitest';
import { createLivePosition } from './live-position.ts';

function createStorage(items = new Map<string, string>()) {
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  };
}

it('goes on where another tab was, once that has written it down', () => {
  const storage = createStorage();
  const first = createLivePosition(storage);
  expect(first.read()).toBeNull();
  first.note({ id: '8267AB', at: 1_767_323_045_123 });
  expect(createLivePosition(storage).read()).toBeNull();
  first.save();
  expect(createLivePosition(storage).read()).toEqual({ id: '8267AB', at: 1_767_323_045_123 });
});

it('begins anew where the storage holds something else, or is switched off', () => {
  const broken = {
    getItem: () => {
      throw new Error('denied');
    },
    setItem: () => {
      throw new Error('denied');
    },
  };
  expect(createLivePosition(createStorage(new Map([['sluice-live-position', 'x']]))).read()).toBeNull();
  const position = createLivePosition(broken);
  position.note({ id: 'a', at: 1_767_323_045_123 });
  expect(() => position.save()).not.toThrow();
});
