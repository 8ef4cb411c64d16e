import { setTimeout as pause } from 'node:timers/promises';
import { type Replay, replayDetailSchema } from '@sluice/contracts/operations';
import type { ApiClient } from './api-client.ts';
import type { Paint } from './paint.ts';
import { showProgress } from './progress.ts';
import { formatCount, renderPairs, toCell } from './table.ts';

const LOOK_MS = 500;

/** Asks for a replay once. */
export async function readReplay(api: ApiClient, id: string): Promise<Replay> {
  const { value } = await api.ask({ path: `/api/replays/${encodeURIComponent(id)}` }, replayDetailSchema);
  const { failedAgainIds: _, nextCursor: __, ...replay } = value;
  return replay;
}

/** Shows how a replay goes on until its numbers are final, or it needs a person; returns what it came to. */
export async function followReplay(
  api: ApiClient,
  id: string,
  { stderr, signal }: { readonly stderr: NodeJS.WriteStream; readonly signal: AbortSignal },
): Promise<Replay> {
  let replay = await readReplay(api, id);
  const progress = showProgress(stderr, replay.planned);
  let waited: string | null = null;
  try {
    for (;;) {
      progress.update(countDone(replay), toWords(replay));
      if (replay.settled || replay.state === 'paused') return replay;
      if (replay.waitingFor !== null && replay.waitingFor !== waited)
        progress.say(`It waits for ${replay.waitingFor}.`);
      waited = replay.waitingFor;
      await pause(LOOK_MS, undefined, { signal });
      replay = await readReplay(api, id);
    }
  } finally {
    progress.stop();
  }
}

/** Tells a replay in words. */
export function renderReplay(replay: Replay, paint: Paint): string {
  const { id, state, stateReason, planned, succeeded, duplicate, failedAgain, skipped, stopped } = replay;
  const { inFlight, remaining, actor, reason, createdAt } = replay;
  const pairs: [string, string][] = [
    ['replay', id],
    ['state', stateReason === null ? state : `${state}: ${toCell(stateReason, 200)}`],
    ['started', `${createdAt} by ${toCell(actor)}`],
    ['reason', toCell(reason ?? '-', 200)],
    ['planned', formatCount(planned)],
    ['succeeded', paint('green', formatCount(succeeded))],
    ['duplicate', formatCount(duplicate)],
    ['failed again', failedAgain === 0 ? '0' : paint('red', formatCount(failedAgain))],
  ];
  const rest: [string, number][] = [
    ['in flight', inFlight],
    ['remaining', remaining],
    ['skipped', skipped],
    ['stopped', stopped],
  ];
  for (const [name, count] of rest) if (count > 0) pairs.push([name, formatCount(count)]);
  return renderPairs(pairs, paint);
}

function countDone({ succeeded, duplicate, failedAgain, skipped, stopped }: Replay): number {
  return succeeded + duplicate + failedAgain + skipped + stopped;
}

function toWords(replay: Replay): string {
  const again = replay.failedAgain === 0 ? '' : `, ${formatCount(replay.failedAgain)} failed again`;
  return `${formatCount(countDone(replay))} of ${formatCount(replay.planned)}${again}`;
}
