import { refileTaken, replayPortion } from '../src/replay-run.ts';
import type { Node } from './node.ts';
import { type Stores, toReplays } from './ports.ts';

const STEP_MS = 400;
const PORTION = 3;

/** How often a replay's pending events are looked at for lost jobs, in steps. */
const REFILE_EVERY = 10;

/** Runs bulk replays in a process, as a scheduler does. */
export async function replayForEver(stores: Stores, node: Node): Promise<never> {
  const { events, queue, acquire, listOpen, countInFlight, close } = toReplays(stores, node);
  /** Replays whose pending events are known to have jobs, and under which lease. */
  let known = new Map<string, number>();

  async function step(count: number): Promise<void> {
    const fence = await acquire();
    if (fence === null) return;
    if (count % REFILE_EVERY === 0) known = new Map();
    for (const { id, state } of await listOpen()) {
      const runner = { operation: id, fence };
      if (known.get(id) !== fence) await refileTaken({ events, queue }, id);
      known.delete(id);
      let isOver = state === 'cancelled';
      if (state === 'running') {
        const result = await replayPortion({ events, queue }, runner, { limit: PORTION, nowMs: node.now() });
        isOver = result.kind === 'empty';
      }
      known.set(id, fence);
      if (isOver && (await countInFlight(id)) === 0) await close(runner);
    }
  }

  for (let count = 1; ; count += 1) {
    await node.sleep(STEP_MS);
    await step(count).catch(() => undefined);
  }
}
