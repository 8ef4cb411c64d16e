import type { World } from './world.ts';

/** A process of the service. What it awaits never comes once it has crashed, and late while it is frozen. */
export type Node = {
  readonly name: string;
  isAlive(): boolean;
  /** How often it was frozen. */
  countFreezes(): number;
  /** Its own clock, in epoch milliseconds, which may be wrong. */
  now(): number;
  /** Runs an action on it after a while: not once it has crashed, and late when it is frozen then. */
  later(delayMs: number, action: () => void): void;
  sleep(delayMs: number): Promise<void>;
  /** Ends it at once, in the middle of whatever it awaits. */
  crash(why: string): void;
  /** Stops it from running for a while. */
  freeze(forMs: number): void;
  /** Runs when it crashes. */
  onCrash(action: () => void): void;
};

export type NodeOptions = {
  readonly name: string;
  readonly skewMs: number;
  /** Asked before every action whether the process crashes instead. */
  readonly isFatal: () => boolean;
};

/** Creates a process that runs. */
export function createNode(world: World, { name, skewMs, isFatal }: NodeOptions): Node {
  let alive = true;
  let frozenUntil = 0;
  let freezes = 0;
  const crashed: (() => void)[] = [];

  function crash(why: string): void {
    if (!alive) return;
    world.note(`${name} crashes: ${why}`);
    alive = false;
    for (const action of crashed) world.after(0, action);
  }

  function run(action: () => void): void {
    if (!alive) return;
    if (frozenUntil > world.now()) {
      world.after(frozenUntil - world.now(), () => run(action));
      return;
    }
    if (isFatal()) crash('the nemesis killed it');
    else action();
  }

  function later(delayMs: number, action: () => void): void {
    world.after(delayMs, () => run(action));
  }

  return {
    name,
    isAlive: () => alive,
    countFreezes: () => freezes,
    now: () => world.now() + skewMs,
    later,
    sleep: (delayMs) => new Promise((resolve) => later(delayMs, resolve)),
    crash,
    freeze(forMs) {
      world.note(`${name} freezes for ${forMs} ms`);
      frozenUntil = Math.max(frozenUntil, world.now() + forMs);
      freezes += 1;
    },
    onCrash: (action) => void crashed.push(action),
  };
}
