import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Node } from './node.ts';
import type { World } from './world.ts';

/** A store beyond a network: it can be away or frozen, and requests and replies can be slow, lost or doubled. */
export type Server = {
  /**
   * Lets a process ask for an effect, which happens at the moment when the request arrives, if it does.
   *
   * @throws DependencyAwayError when the store is away or the deadline passes; the effect may happen all the same
   */
  call<Result>(
    node: Node,
    effect: () => Result,
    options: { readonly deadlineMs: number; readonly isRepeatable?: boolean },
  ): Promise<Result>;
  /** Refuses connections for a while. */
  goAway(forMs: number): void;
  /** Keeps connections and answers nothing for a while. */
  freeze(forMs: number): void;
  /** Loses and slows messages with this probability, from 0 to 1. */
  setTrouble(probability: number): void;
  heal(): void;
  /** Decides by the seed whether trouble hits now. */
  isHit(): boolean;
};

/** Latencies in milliseconds: of most messages, and of those that something holds up. */
const FAST_MS = 3;
const SLOW_MS = 2500;

/** Creates a store's address in the network. */
export function createServer(world: World, name: 'redis' | 'mongodb'): Server {
  const { random } = world;
  let awayUntil = 0;
  let frozenUntil = 0;
  let trouble = 0;

  function toLatency(): number {
    return random.fraction() < trouble ? random.fraction() * SLOW_MS : random.fraction() * FAST_MS;
  }

  const isHit = (): boolean => random.fraction() < trouble;

  function call<Result>(
    node: Node,
    effect: () => Result,
    { deadlineMs, isRepeatable = false }: { readonly deadlineMs: number; readonly isRepeatable?: boolean },
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => () => reject(new DependencyAwayError(name, `${name}: ${why}`));
      node.later(deadlineMs, fail('no answer in time'));
      world.after(toLatency(), arrive);

      function arrive(): void {
        if (isHit()) return;
        if (awayUntil > world.now()) {
          node.later(toLatency(), fail('connection refused'));
          return;
        }
        if (frozenUntil > world.now()) {
          world.after(frozenUntil - world.now() + toLatency(), arrive);
          return;
        }
        let result: Result;
        try {
          result = effect();
        } catch (error) {
          node.later(toLatency(), () => reject(error));
          return;
        }
        if (isRepeatable && isHit()) world.after(toLatency(), () => repeat(effect));
        if (isHit()) return;
        node.later(toLatency(), () => resolve(result));
      }
    });
  }

  return {
    call,
    isHit,
    goAway(forMs) {
      world.note(`${name} goes away for ${forMs} ms`);
      awayUntil = world.now() + forMs;
    },
    freeze(forMs) {
      world.note(`${name} freezes for ${forMs} ms`);
      frozenUntil = world.now() + forMs;
    },
    setTrouble(probability) {
      trouble = probability;
    },
    heal() {
      trouble = 0;
      awayUntil = 0;
      frozenUntil = 0;
    },
  };
}

/** A doubled request whose effect fails tells nobody. */
function repeat(effect: () => unknown): void {
  try {
    effect();
  } catch {
    // The first one was answered already.
  }
}
