import type { OpenEvent, RawEventDocument } from '@sluice/contracts/event';
import type { ReplayRunner, ReplayTurn } from '../src/replay-run.ts';

/** A bulk replay of every dead letter that there was when it was started. */
export type ModelledReplay = {
  readonly id: string;
  state: 'running' | 'cancelled' | 'done';
  isOpen: boolean;
  fence: number;
  readonly planned: ReadonlySet<string>;
  readonly taken: Set<string>;
};

/**
 * A model of the sets of operations: the same rules as MongoDB's, each call in one step. It watches the promise: no
 * event is taken twice by one replay, and none that was not planned.
 */
export type ReplayModel = {
  readonly replays: ReadonlyMap<string, ModelledReplay>;
  /** Freezes the dead letters that no other replay has; does nothing while another one is open. */
  start(): void;
  /** Cancels the replay that runs, if any. */
  cancel(): void;
  /** Gives the lease to whoever asks first, and prolongs it for its holder; null while another has it. */
  acquire(holder: string, nowMs: number): number | null;
  listOpen(): readonly Readonly<ModelledReplay>[];
  listPlanned(operation: string, limit: number): readonly RawEventDocument[];
  take(runner: ReplayRunner, turns: readonly ReplayTurn[], now: Date): 'taken' | 'changed' | 'stopped';
  listPending(operation: string): readonly OpenEvent[];
  /** Takes the marks off what is left, and ends the replay. */
  close(runner: ReplayRunner): void;
};

const LEASE_MS = 5000;

/** Creates the model over the raw events of a store's model; `violate` is told what breaks the promise. */
export function createReplayModel(
  raw: Map<string, RawEventDocument>,
  violate: (text: string) => void,
): ReplayModel {
  const replays = new Map<string, ModelledReplay>();
  let lease = { holder: '', fence: 0, untilMs: 0 };

  const listOpen = () => [...replays.values()].filter(({ isOpen }) => isOpen);
  const isMarked = ({ replay }: RawEventDocument, operation: string, state: 'planned' | 'taken') =>
    replay?.operation === operation && replay.state === state;

  function start(): void {
    if (listOpen().length > 0) return;
    const id = `op${replays.size + 1}`;
    const dead = [...raw.values()].filter(({ status }) => status === 'dead');
    for (const event of dead) {
      raw.set(event._id, { ...event, replay: { operation: id, state: 'planned', run: event.run } });
    }
    const planned = new Set(dead.map(({ _id }) => _id));
    replays.set(id, { id, state: 'running', isOpen: true, fence: 0, planned, taken: new Set() });
  }

  function acquire(holder: string, nowMs: number): number | null {
    if (lease.holder !== holder && lease.untilMs > nowMs) return null;
    const isKept = lease.holder === holder && lease.untilMs > nowMs;
    lease = { holder, fence: isKept ? lease.fence : lease.fence + 1, untilMs: nowMs + LEASE_MS };
    return lease.fence;
  }

  function take(
    { operation, fence }: ReplayRunner,
    turns: readonly ReplayTurn[],
    now: Date,
  ): 'taken' | 'changed' | 'stopped' {
    const replay = replays.get(operation);
    if (replay?.state !== 'running' || replay.fence > fence) return 'stopped';
    const fits = turns.every(({ id, expect }) => {
      const event = raw.get(id);
      if (event === undefined || !isMarked(event, operation, 'planned')) return false;
      return event.status === 'dead' && event.run === expect.run && event.attempts === expect.attempts;
    });
    if (!fits) return 'changed';
    replay.fence = fence;
    for (const { id, run } of turns) {
      if (replay.taken.has(id)) violate(`${operation} takes ${id} a second time`);
      if (!replay.planned.has(id)) violate(`${operation} takes ${id}, which was not planned`);
      replay.taken.add(id);
      const { code, message, fingerprint, ...event } = raw.get(id) as RawEventDocument;
      const mark = { operation, state: 'taken', run: event.run } as const;
      raw.set(id, { ...event, status: 'pending', run, attempts: 0, updatedAt: now, replay: mark });
    }
    return 'taken';
  }

  function close({ operation, fence }: ReplayRunner): void {
    const replay = replays.get(operation);
    if (replay === undefined || !replay.isOpen || replay.fence > fence) return;
    for (const [id, event] of raw) {
      if (!isMarked(event, operation, 'planned')) continue;
      const { replay: _, ...rest } = event;
      raw.set(id, rest);
    }
    replay.isOpen = false;
    replay.fence = fence;
    if (replay.state === 'running') replay.state = 'done';
  }

  return {
    replays,
    start,
    cancel() {
      for (const replay of listOpen()) if (replay.state === 'running') replay.state = 'cancelled';
    },
    acquire,
    listOpen: () => listOpen().map((replay) => ({ ...replay })),
    listPlanned: (operation, limit) =>
      [...raw.values()]
        .filter((event) => isMarked(event, operation, 'planned') && event.status === 'dead')
        .filter(({ run, replay }) => run === replay?.run)
        .slice(0, limit),
    take,
    listPending: (operation) =>
      [...raw.values()].filter((event) => isMarked(event, operation, 'taken') && event.status === 'pending'),
    close,
  };
}
