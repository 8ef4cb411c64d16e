import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestStack, type TestStack } from './test-stack.ts';

describe('an old worker', () => {
  let sluice: TestStack;

  beforeAll(async () => {
    sluice = await startTestStack({
      env: { SUPPORTED_SCHEMA_VERSIONS: '1', PARK_MIN_MS: '500' },
      workers: 1,
    });
  });

  it('leaves an event of version 2 to a new one, without counting an attempt', async () => {
    const payload = { first_name: 'Ada', last_name: 'Lovelace', email: 'ada@example.org' };
    const { body } = await sluice.post('/api/events', {
      source: 'hr',
      type: 'person',
      schemaVersion: 2,
      payload,
    });
    const { id } = body as { id: string };
    await vi.waitFor(async () => expect((await sluice.stats()).queue.parked).toBe(1), { timeout: 20_000 });
    const raw = sluice.db.collection('raw_events');
    expect(await raw.findOne({ _id: id as never })).toMatchObject({ status: 'pending', attempts: 0 });

    const [old] = sluice.stack.workers();
    await sluice.stack.addWorker({ SUPPORTED_SCHEMA_VERSIONS: '1,2' });
    // Which of the two takes it next is chance, and each time the old one does it waits twice as long.
    const oldPid = old?.pid();
    if (oldPid !== undefined) process.kill(oldPid, 'SIGSTOP');
    await vi.waitFor(
      async () =>
        expect(await raw.findOne({ _id: id as never })).toMatchObject({ status: 'normalized', attempts: 1 }),
      { timeout: 40_000, interval: 200 },
    );
    if (oldPid !== undefined) process.kill(oldPid, 'SIGCONT');
    const { queue, ledger } = await sluice.settled();
    expect(queue.parked).toBe(0);
    expect(ledger).toMatchObject({ accepted: 1, normalized: 1 });
  });
});
