import type { AcceptedEvent } from '@sluice/contracts/event';
import { createGroupCommit, type Kept } from '../src/group-commit.ts';
import { createBeat } from '../src/heartbeat.ts';
import type { Node } from './node.ts';
import { type Stores, toAcceptInbox, toAcceptQueue } from './ports.ts';

/** An ingest process, from its start to its crash. */
export type Ingest = {
  readonly node: Node;
  submit(event: AcceptedEvent): Promise<Kept>;
};

const BEAT_MS = 1000;
const BEAT_DEADLINE_MS = 1000;

/** Starts an ingest process; its node's name is its instance id. */
export function startIngest(stores: Stores, node: Node): Ingest {
  const { mongo, store } = stores;
  const instance = node.name;
  const commit = createGroupCommit({
    instance,
    queue: toAcceptQueue(stores, node),
    inbox: toAcceptInbox(stores, node),
    now: node.now,
    soon: (callback) => node.later(0, callback),
  });
  const beat = createBeat({
    instance,
    app: 'ingest',
    commit,
    beat: (document) =>
      mongo.call(node, () => void store.instances.set(instance, document), { deadlineMs: BEAT_DEADLINE_MS }),
    onFailed: () => undefined,
    now: node.now,
  });

  async function beatForEver(): Promise<void> {
    for (;;) {
      await beat();
      await node.sleep(BEAT_MS);
    }
  }

  void beatForEver();
  return { node, submit: commit.submit };
}
