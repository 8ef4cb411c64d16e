/**
 * Whether a worker still does its work. It does not when, for a minute, jobs waited or were in its hands, both stores
 * answered, it was not holding, and it neither handed one back nor stored anything. Then `/livez` says so, and whoever
 * runs it starts it anew. Jobs that are delayed or parked do not wait for a worker. Time is counted in looks, so that a
 * machine that slept does not wake up to a worker that seems stuck.
 */
import type { EventsInspector } from '@sluice/queue/events-inspector';

export type Progress = {
  isAlive(): boolean;
  /** To be told of every job that is taken, and calls back what is to be told when it was handed back. */
  began(): () => void;
  /** To be told of every bulk that was stored: a job of many events may take long over a slow MongoDB. */
  stored(): void;
  stop(): void;
};

export type ProgressOptions = {
  readonly inspector: Pick<EventsInspector, 'readCounts'>;
  /** Rejects while MongoDB is away. */
  readonly pingStore: () => Promise<void>;
  readonly isHolding: () => boolean;
  /** How long nothing may be handed back or stored; 60,000 by default. */
  readonly patienceMs?: number;
  /** How often it looks; 5,000 by default. */
  readonly lookMs?: number;
};

/** Starts watching the progress of a worker. */
export function watchProgress(options: ProgressOptions): Progress {
  const { inspector, pingStore, isHolding, patienceMs = 60_000, lookMs = 5000 } = options;
  let inHand = 0;
  let steps = 0;
  let stepsBefore = 0;
  let looksInVain = 0;
  let isLooking = false;

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    const isStuck = !isHolding() && (await isWorkThere()) && steps === stepsBefore;
    looksInVain = isStuck ? looksInVain + 1 : 0;
    stepsBefore = steps;
    isLooking = false;
  }

  /** A store that does not say is away, and that is not the worker's fault. */
  async function isWorkThere(): Promise<boolean> {
    try {
      const [{ waiting }] = await Promise.all([inspector.readCounts(), pingStore()]);
      return waiting + inHand > 0;
    } catch {
      return false;
    }
  }

  const timer = setInterval(() => void look(), lookMs);
  return {
    isAlive: () => looksInVain * lookMs < patienceMs,
    began() {
      inHand += 1;
      return () => {
        inHand -= 1;
        steps += 1;
      };
    },
    stored() {
      steps += 1;
    },
    stop: () => clearInterval(timer),
  };
}
