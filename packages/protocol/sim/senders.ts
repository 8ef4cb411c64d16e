import type { AcceptedEvent } from '@sluice/contracts/event';
import type { Ingest } from './ingest.ts';
import type { Plan } from './scenario.ts';
import type { World } from './world.ts';

/** What a sender knows of a delivery: `unknown` = the connection broke, or no answer came. */
export type Answer =
  | { readonly kind: 'ok'; readonly id: string; readonly duplicate: boolean }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown' };

/** A delivery that was answered 202. */
export type Accepted = { readonly plan: Plan; readonly id: string; readonly ingest: string };

export type Senders = {
  readonly accepted: readonly Accepted[];
  /** Whether every delivery has come to its end. */
  isDone(): boolean;
  /** Sends events until they are answered ok from now on; without, a sender gives up after some attempts. */
  insist(): void;
};

const ATTEMPTS = 4;
const PATIENCE_MS = 10_000;
/** What an answer may take, from the arrival of the request at ingest. */
const DEADLINE_MS = 3000;

/** Creates the senders; each delivery goes to an ingest process that the seed picks. */
export function createSenders(
  world: World,
  plans: readonly Plan[],
  pickIngest: () => Ingest | undefined,
): Senders {
  const { random } = world;
  const accepted: Accepted[] = [];
  let open = 0;
  let insisting = false;

  async function deliver(plan: Plan): Promise<void> {
    for (let attempt = 1; insisting || attempt <= ATTEMPTS; attempt += 1) {
      const answer = await send(plan);
      world.note(`${plan.event.idempotencyKey} (${plan.event.contentHash.slice(0, 6)}) -> ${answer.kind}`);
      if (answer.kind === 'ok') break;
      await pause(200 + random.fraction() * 3000);
    }
    open -= 1;
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => world.after(ms, resolve));
  }

  function send(plan: Plan): Promise<Answer> {
    return new Promise((resolve) => {
      const unknown = () => resolve({ kind: 'unknown' });
      world.after(random.fraction() * 5, () => {
        const ingest = pickIngest();
        if (ingest === undefined) {
          unknown();
          return;
        }
        ingest.node.onCrash(unknown);
        world.after(PATIENCE_MS, unknown);
        // It takes the request when it runs.
        ingest.node.later(0, () => submit(ingest, plan, resolve));
      });
    });
  }

  function submit(ingest: Ingest, plan: Plan, answer: (answer: Answer) => void): void {
    const { node } = ingest;
    const startedMs = world.now();
    const freezes = node.countFreezes();
    const event: AcceptedEvent = { ...plan.event, receivedAt: new Date(node.now()).toISOString() };
    const reply = (result: Answer) => {
      const tookMs = world.now() - startedMs;
      if (tookMs > DEADLINE_MS && freezes === node.countFreezes())
        world.violate(`an answer took ${tookMs} ms`);
      // The answer itself can be lost on its way.
      if (random.fraction() < 0.03) answer({ kind: 'unknown' });
      else world.after(random.fraction() * 5, () => deliverAnswer(result, ingest, plan, answer));
    };
    ingest.submit(event).then(
      ({ id, duplicate }) => reply({ kind: 'ok', id, duplicate }),
      () => reply({ kind: 'refused' }),
    );
  }

  function deliverAnswer(result: Answer, ingest: Ingest, plan: Plan, answer: (answer: Answer) => void): void {
    if (result.kind === 'ok') accepted.push({ plan, id: result.id, ingest: ingest.node.name });
    answer(result);
  }

  for (const plan of plans) {
    for (const at of plan.deliveriesMs) {
      open += 1;
      world.after(at, () => void deliver(plan));
    }
  }
  return {
    accepted,
    isDone: () => open === 0,
    insist() {
      insisting = true;
    },
  };
}
