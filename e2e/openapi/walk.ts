import { request } from 'node:http';
import type { CallOptions, Client } from './client.ts';
import type { Operation } from './document.ts';
import { WORLD_SOURCES, type World } from './world.ts';

/** What is needed to ask every operation. */
export type Walker = {
  readonly client: Client;
  readonly apiUrl: string;
  readonly key: string;
  readonly world: World;
};

/** Where an operation is not asked with the example of its own description about the ids of the world. */
type Deviation = CallOptions & {
  readonly ids?: Readonly<Record<string, string>>;
  /** What follows the path, with its question mark. */
  readonly query?: string;
  /** What is answered where it is not 2xx. */
  readonly status?: number;
};

/** What was answered to an operation, and whether it is what is to be answered. */
export type Outcome = {
  readonly operationId: string;
  readonly isExpected: boolean;
  readonly status: number;
  readonly body: unknown;
};

const { polled, spare } = WORLD_SOURCES;
/** What the example of `createSource` is called. */
const SHOP = { sources: 'shop', mapping: '1' };
/** No replicator runs here, so there is no full sync to do anything with. */
const NO_BACKUP = { status: 409 };

function toDeviations({ key, world }: Walker): Readonly<Record<string, Deviation>> {
  const [toReplay = '', toDiscard = ''] = world.dead;
  return {
    replaceSource: { ids: SHOP },
    deactivateSource: { ids: { sources: spare } },
    pauseSource: { ids: { sources: polled } },
    resumeSource: { ids: { sources: polled } },
    pollSource: { ids: { sources: polled } },
    resetSourceCursor: { ids: { sources: polled } },
    createMappingDraft: { ids: SHOP },
    tryMappingRevision: { ids: SHOP },
    activateMappingRevision: { ids: SHOP },
    retireMappingRevision: { ids: SHOP },
    replayEvent: { ids: { events: toReplay } },
    discardEvent: { ids: { events: toDiscard } },
    setMaintenance: { body: { on: false } },
    signIn: { body: { key } },
    createFullSync: NO_BACKUP,
    pauseFullSync: NO_BACKUP,
    resumeFullSync: NO_BACKUP,
    cancelFullSync: NO_BACKUP,
    compareDocument: { ...NO_BACKUP, query: '?collection=raw_events&id=%22evt_1%22' },
  };
}

/**
 * Asks every operation once, in the order of the description: with its own example as the body, about things that exist.
 * So a new operation is asked without anybody thinking of it.
 */
export async function walk(operations: readonly Operation[], walker: Walker): Promise<readonly Outcome[]> {
  const deviations = toDeviations(walker);
  const outcomes: Outcome[] = [];
  for (const operation of operations) {
    const { operationId, method } = operation;
    const { ids = {}, query = '', status: other, ...options } = deviations[operationId] ?? {};
    const path = `${toPath(operation.path, { ...walker.world.ids, ...ids })}${query}`;
    const [media] = Object.values(operation.requestBody?.content ?? {});
    const sent = media === undefined ? options : { body: media.example, ...options };
    const { status, body } = Object.hasOwn(operation.responses, '101')
      ? { status: await upgrade(new URL(path, walker.apiUrl), walker.key), body: null }
      : await walker.client.call(method.toUpperCase(), path, sent);
    const isExpected =
      other === undefined ? status === 101 || (status >= 200 && status <= 299) : status === other;
    outcomes.push({ operationId, isExpected, status, body });
  }
  return outcomes;
}

/** Puts ids into a path: each is named by the word before it. */
function toPath(template: string, ids: Readonly<Record<string, string>>): string {
  return template.replaceAll(/([\w-]+)\/\{\w+\}/g, (_, word: string) => `${word}/${ids[word] ?? 'unknown'}`);
}

/** Opens a WebSocket and closes it at once; returns the status of the answer. */
function upgrade(url: URL, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      headers: {
        ...{ connection: 'Upgrade', upgrade: 'websocket', authorization: `Bearer ${key}` },
        ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'c2x1aWNlIHNsdWljZSBzbA==' },
      },
    });
    asked.once('upgrade', ({ statusCode = 0 }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    asked.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.once('error', reject);
    asked.end();
  });
}
