import { FIRST_CHECKPOINT, type PollCheckpoint } from '@sluice/contracts/poll';
import { describe, expect, it } from 'vitest';
import { createCheckpoints } from '../src/checkpoints.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const checkpoints = createCheckpoints(connection);

function at(atMs: number): PollCheckpoint {
  const run = { nextPage: 2, highest: null, asOfMs: atMs, fingerprint: 'f' };
  return { point: { atMs, form: 'iso' }, run };
}

describe('checkpoints', () => {
  it('begin empty and rise by one with every save', async () => {
    const empty = await checkpoints.get('erp');
    expect(empty).toEqual({ source: 'erp', state: FIRST_CHECKPOINT, revision: 0 });
    const first = await checkpoints.save({ ...empty, state: at(5) });
    expect(first).toEqual({ source: 'erp', state: at(5), revision: 1 });
    expect(await checkpoints.get('erp')).toEqual(first);
  });

  it.each([0, 1])('let one of two savers of revision %i win', async (revision) => {
    const source = `race-${revision}`;
    if (revision === 1) await checkpoints.save(await checkpoints.get(source));
    const read = await checkpoints.get(source);
    const results = await Promise.all([1, 2].map((ms) => checkpoints.save({ ...read, state: at(ms) })));
    const saved = results.filter((result) => result !== 'stale');
    expect(saved).toHaveLength(1);
    expect(await checkpoints.get(source)).toEqual(saved[0]);
  });

  it('go back to the beginning when they are reset, and a run in hand saves no more', async () => {
    expect(await checkpoints.reset('reset')).toBe(false);
    const inHand = await checkpoints.save({ ...(await checkpoints.get('reset')), state: at(5) });
    expect(await checkpoints.reset('reset')).toBe(true);
    expect(await checkpoints.get('reset')).toEqual({ source: 'reset', state: FIRST_CHECKPOINT, revision: 2 });
    expect(inHand !== 'stale' && (await checkpoints.save(inHand))).toBe('stale');
  });
});
