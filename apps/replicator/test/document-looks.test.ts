import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { createLogger } from '@sluice/runtime/logger';
import { connectStore } from '@sluice/store/connection';
import { createDocumentLooks, type DocumentLooks } from '@sluice/store/document-looks';
import type { Document } from 'mongodb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startAnsweringLooks } from '../src/answer-looks.ts';
import { startPair } from './backup-pair.ts';

const pair = await startPair();
const { primary, backup } = pair;
const looks = createDocumentLooks(primary);
const logger = createLogger({ app: 'replicator', instance: 'test', level: 'silent' });
const PATIENCE_MS = 20_000;
const QUESTIONS = { _id: { $gte: 'look-', $lt: 'look.' } } as Document;

describe('a question about a document', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  function startAnswering(other: typeof backup = backup, given: DocumentLooks = looks): void {
    stops.push(startAnsweringLooks({ looks: given, primary, backup: other, logger, everyMs: 10 }).stop);
  }

  it('is answered by a replicator with what both sides hold now', async () => {
    const { here, there } = pair.sides('items');
    await here.insertMany([{ _id: 'a', v: 1 } as Document, { _id: 'b' } as Document]);
    await there.insertMany([{ _id: 'a', v: 2 } as Document, { _id: 'c' } as Document]);
    startAnswering();
    const ask = (id: string) => looks.ask('items', id, PATIENCE_MS);
    expect(await ask('"a"')).toMatchObject({
      ...{ kind: 'found', onPrimary: true, onBackup: true, equal: false },
      fields: [
        { path: '_id', differs: false },
        { path: 'v', primary: '1', backup: '2', differs: true },
      ],
    });
    expect(await ask('"b"')).toMatchObject({ onPrimary: true, onBackup: false });
    expect(await ask('"c"')).toMatchObject({ onPrimary: false, onBackup: true });
    expect(await ask('{"$oid":"0123456789abcdef01234567"}')).toMatchObject({
      ...{ onPrimary: false, onBackup: false, equal: true },
    });
    expect(await primary.db.collection('resume_tokens').countDocuments(QUESTIONS)).toBe(0);
  });

  it('is given up when nobody answers, and forgotten', async () => {
    expect(await looks.ask('items', '"a"', 50)).toBeNull();
    const tokens = primary.db.collection<{ _id: string }>('resume_tokens');
    const old = { _id: 'look-old', collection: 'items', documentId: '"a"', at: new Date(0) };
    await tokens.insertOne(old);
    expect(await looks.take()).toEqual([]);
    expect(await tokens.countDocuments(QUESTIONS)).toBe(0);
    // Also one that was answered when nobody waited any more, alone.
    await tokens.insertOne({ ...old, answer: { kind: 'away', side: 'backup' } } as typeof old);
    expect(await looks.take()).toEqual([]);
    expect(await tokens.countDocuments(QUESTIONS)).toBe(0);
  });

  it('is answered while another one that came before still waits, or could not be answered', async () => {
    const second = Promise.withResolvers<void>();
    let isAway = true;
    const answer: DocumentLooks['answer'] = async (look, given) => {
      if (look.documentId === '"second"') second.resolve();
      else await second.promise;
      if (look.documentId === '"away"' && isAway) {
        isAway = false;
        throw new DependencyAwayError('mongodb', 'It is away.');
      }
      await looks.answer(look, given);
    };
    let most = 0;
    const take = async () => {
      const taken = await looks.take();
      most = Math.max(most, taken.length);
      return taken;
    };
    stops.push(async () => second.resolve());
    startAnswering(backup, { ...looks, answer, take });
    const asked = Promise.all(['"first"', '"away"'].map((id) => looks.ask('items', id, PATIENCE_MS)));
    await vi.waitFor(() => expect(most).toBe(2), { timeout: 5000 });
    expect(await looks.ask('items', '"second"', 5000)).toMatchObject({ kind: 'found' });
    expect(await asked).toMatchObject([{ kind: 'found' }, { kind: 'found' }]);
  });

  it('does not wait for those that cannot be answered, and says which side is away', async () => {
    const nowhere = 'mongodb://127.0.0.1:9/x?replicaSet=rs0';
    const away = connectStore({ uri: nowhere, appName: 'test', operationTimeoutMs: 100 });
    stops.push(() => away.close());
    startAnswering(away);
    const [broken, good] = await Promise.all([
      looks.ask('items', '{', 500),
      looks.ask('items', '"a"', PATIENCE_MS),
    ]);
    expect(broken).toBeNull();
    expect(good).toEqual({ kind: 'away', side: 'backup' });
    await vi.waitFor(async () => expect(await looks.take()).toEqual([]));
  });
});
