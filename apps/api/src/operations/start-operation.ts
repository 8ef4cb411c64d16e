import { randomBytes } from 'node:crypto';
import type { EventDetail } from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import type { RawEventDocument } from '@sluice/contracts/event';
import {
  DEFAULT_RATE_PER_SECOND,
  DEFAULT_STOP_SHARE,
  type DeadFilter,
  type OperationDocument,
  type OperationKind,
  type OperationPlan,
} from '@sluice/contracts/operations';
import type { DeadLettersStore } from '@sluice/store/dead-letters';
import type { Operations } from '@sluice/store/operations';
import type { RawEvents } from '@sluice/store/raw-events';

/** Who starts an operation, and why. */
export type Starter = { readonly tenant: string; readonly actor: string; readonly reason: string | null };

/** How a replay is run. */
export type Pace = Pick<OperationDocument, 'ratePerSecond' | 'stopAtFailureShare'>;

export type StartOptions = {
  readonly operations: Pick<Operations, 'create' | 'get'>;
  readonly deadLetters: Pick<DeadLettersStore, 'plan'>;
  readonly rawEvents: Pick<RawEvents, 'get'>;
  readonly readDetail: (tenant: string, id: string) => Promise<EventDetail | null>;
  readonly now: () => number;
};

export const DEFAULT_PACE: Pace = {
  ratePerSecond: DEFAULT_RATE_PER_SECOND,
  stopAtFailureShare: DEFAULT_STOP_SHARE,
};

/** Creates what starts operations: it only keeps their documents, a scheduler runs them. */
export function createOperationStarter(options: StartOptions) {
  const { operations, deadLetters, rawEvents, readDetail, now } = options;

  /** Tells what an operation with this filter would do now, to what was dead at `watermark` already. */
  function plan(tenant: string, filter: DeadFilter, watermark?: string): Promise<OperationPlan> {
    const latest = now();
    const atMs = watermark === undefined ? latest : Math.min(latest, Date.parse(watermark));
    return deadLetters.plan(tenant, filter, new Date(atMs));
  }

  /** Starts an operation on all dead letters that a filter finds. */
  async function startMany(
    kind: OperationKind,
    filter: DeadFilter,
    starter: Starter,
    { watermark, ...pace }: Pace & { readonly watermark?: string | undefined } = DEFAULT_PACE,
  ): Promise<OperationDocument> {
    const found = await plan(starter.tenant, filter, watermark);
    return keep({ ...starter, ...pace, kind, filter, plan: found, event: null });
  }

  /**
   * Starts an operation on one event.
   *
   * @throws ProblemException ERR_NOT_FOUND, ERR_EVENT_NOT_DEAD, ERR_REPLAY_RUNNING
   */
  async function startOne(kind: OperationKind, id: string, starter: Starter): Promise<OperationDocument> {
    const raw = await findDead(starter.tenant, id);
    await assertFree(raw);
    const { source, fingerprint } = raw;
    const receivedAt = raw.receivedAt.toISOString();
    return keep({
      ...starter,
      ...DEFAULT_PACE,
      ...{ kind, event: id, filter: { status: 'dead', ids: [id] } },
      plan: {
        count: 1,
        bySource: { [source]: 1 },
        byFingerprint: fingerprint === undefined ? {} : { [fingerprint]: 1 },
        ...{ oldest: receivedAt, newest: receivedAt },
        // The worker's clock may be ahead of this one.
        watermark: new Date(Math.max(now(), raw.updatedAt.getTime())).toISOString(),
      },
    });
  }

  async function findDead(tenant: string, id: string): Promise<RawEventDocument> {
    const raw = await rawEvents.get(tenant, id);
    const status = raw?.status ?? (await readDetail(tenant, id))?.status;
    if (status === undefined) throw new ProblemException('ERR_NOT_FOUND', `There is no event ${id}.`);
    if (raw === null || status !== 'dead') {
      throw new ProblemException('ERR_EVENT_NOT_DEAD', `The event is ${status}, not dead.`);
    }
    return raw;
  }

  async function assertFree({ tenant, replay }: RawEventDocument): Promise<void> {
    if (replay === undefined) return;
    const holder = await operations.get(tenant, 'replay', replay.operation);
    if (holder?.open === true) throw toRunning(holder._id);
  }

  async function keep(
    fields: Starter & Pace & Pick<OperationDocument, 'kind' | 'filter' | 'plan' | 'event'>,
  ): Promise<OperationDocument> {
    const operation: OperationDocument = {
      _id: `op_${randomBytes(12).toString('hex')}`,
      ...fields,
      ...{ state: 'planned', stateReason: null, open: true },
      watermark: new Date(fields.plan.watermark),
      planned: fields.plan.count,
      ...{ claimed: 0, frozenAt: null, createdAt: new Date(now()), endedAt: null },
      ...{ currentPerSecond: 0, waitingFor: null, judgedFrom: { outcomes: 0, failedAgain: 0 } },
      ...{ moves: 0, fence: 0 },
    };
    const result = await operations.create(operation);
    if (result !== 'created') throw toRunning(result.meets);
    return operation;
  }

  return { plan, startMany, startOne };
}

/** What starts operations. */
export type OperationStarter = ReturnType<typeof createOperationStarter>;

function toRunning(id: string): ProblemException {
  const detail = `The replay ${id} has events of this set in hand, or may have.`;
  return new ProblemException('ERR_REPLAY_RUNNING', detail, {
    errors: [{ pointer: '/filter', detail: `meets the replay ${id}` }],
  });
}
