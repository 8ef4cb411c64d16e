import { expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from './config.ts';
import { isJournaledAndPrimary } from './mongodb-promises.ts';
import { settings } from './settings.ts';

test.each([
  'mongodb://127.0.0.1:27017/sluice',
  'mongodb://a.example.org,b.example.org/sluice?replicaSet=rs0&w=majority&journal=true',
  'mongodb+srv://me:secret@cluster0.example.org/?readPreference=primary&retryWrites=true',
])('takes %s', (uri) => {
  expect(isJournaledAndPrimary(uri)).toBe(true);
});

test.each([
  'mongodb://127.0.0.1/sluice?journal=false',
  'mongodb://127.0.0.1/sluice?replicaSet=rs0&JOURNAL=0',
  'mongodb://127.0.0.1/?j=false',
  'mongodb://127.0.0.1/?fsync=false',
  'mongodb://127.0.0.1/sluice?readPreference=secondaryPreferred',
  'mongodb://127.0.0.1/sluice?journal=true&readpreference=nearest',
  'mongodb://127.0.0.1/sluice?read%50reference=secondary',
])('refuses %s', (uri) => {
  expect(isJournaledAndPrimary(uri)).toBe(false);
});

test.each(['MONGODB_URI', 'BACKUP_MONGODB_URI'] as const)('%s is refused without being shown', (name) => {
  const load = (query: string) =>
    loadConfig(z.object({ [name]: settings[name] }), {
      env: { [name]: `mongodb://me:secret@127.0.0.1/sluice?${query}` },
    });
  expect(load('replicaSet=rs0')[name]).toContain('replicaSet=rs0');
  for (const query of ['journal=false', 'readPreference=secondary']) {
    expect(() => load(query)).toThrow(
      `${name} has a value that is not allowed (not shown here); expected no journal=false and no readPreference but primary in it: what is promised rests on journaled writes and on reads from the primary.`,
    );
  }
});
