import { Readable } from 'node:stream';
import { ProblemException } from '@sluice/contracts/errors';
import type { GroupCommit } from '@sluice/protocol/group-commit';
import type { Logger } from '@sluice/runtime/logger';
import { PROBLEM_MEDIA_TYPE, toProblem } from '@sluice/runtime/problems';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IngestMetrics } from '../ingest-metrics.ts';
import { readCause } from '../refusal.ts';
import type { RejectionLog } from '../rejection-log.ts';
import type { BatchIntake } from './batch-intake.ts';
import type { Results } from './results.ts';
import { type RefusedItem, type Taken, takeBatch } from './take-batch.ts';

export type BatchAnswering = {
  readonly logger: Logger;
  readonly submit: GroupCommit['submit'];
  readonly metrics: Pick<IngestMetrics, 'batchAccepted' | 'rejected'>;
  readonly rejections: Pick<RejectionLog, 'add'>;
  /** How long items are tried, in ms. */
  readonly maxMs: number;
};

/** How many refused items of one batch are kept as rejections; all are counted and answered. */
const MAX_KEPT_REFUSALS = 20;

const OUR_TROUBLE = ['ERR_UNAVAILABLE', 'ERR_INTERNAL', 'ERR_SOURCE_UNREADABLE'] as const;

/**
 * Takes a batch and answers it: 202 when anything is kept, else a problem that carries the results too.
 *
 * @throws ProblemException when not even the first item could be read
 */
export async function answerBatch(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { chunks, intake }: { readonly chunks: AsyncIterable<Buffer>; readonly intake: BatchIntake },
  { logger, submit, metrics, rejections, maxMs }: BatchAnswering,
): Promise<FastifyReply> {
  const lateAtMs = performance.now() + maxMs;
  const isLate = () => performance.now() >= lateAtMs;
  let refusals = 0;

  function onRefused({ problem, error, bytes }: RefusedItem): void {
    if (problem.status >= 500) return;
    metrics.rejected(problem.code, readCause(error, problem));
    refusals += 1;
    if (refusals <= MAX_KEPT_REFUSALS) rejections.add(request, problem, error, bytes);
  }

  const taken = await takeBatch({ ...intake, requestId: request.id, chunks, submit, isLate, onRefused });
  const { results } = taken;
  const { accepted, duplicates, rejected } = results.count();
  metrics.batchAccepted({ accepted, duplicates });
  for (const code of OUR_TROUBLE) {
    const err = taken.errors.get(code);
    if (err !== undefined) logger.warn({ requestId: request.id, code, err }, 'batch.refused');
  }
  if (taken.unreadable !== undefined) throw taken.unreadable;
  if (accepted + duplicates > 0) {
    return reply.code(202).type('application/json; charset=utf-8').send(toStream({}, results));
  }
  if (rejected === 0) throw new ProblemException('ERR_BODY_EMPTY', 'The batch holds no event.');
  return answerRefused(reply, request.id, taken);
}

/** Nothing was kept: our own trouble is never said to be the sender's, and a sender that may come again is told when. */
function answerRefused(reply: FastifyReply, requestId: string, { results, errors }: Taken): FastifyReply {
  const code = [...OUR_TROUBLE, 'ERR_RATE_LIMITED'].find((it) => errors.has(it));
  const error = code === undefined ? new ProblemException('ERR_BATCH_REJECTED') : errors.get(code);
  const { problem, headers } = toProblem(error, requestId);
  return reply
    .code(problem.status)
    .headers(headers)
    .type(PROBLEM_MEDIA_TYPE)
    .send(toStream(problem, results));
}

/** Writes the answer as fast as it is read: whoever reads it slowly, or never, holds none of it here. */
function toStream(head: object, results: Results): Readable {
  function* write(): Generator<string> {
    const begin = JSON.stringify({ ...head, ...results.count() });
    yield `${begin.slice(0, -1)},"results":`;
    yield* results.write();
    yield '}';
  }
  return Readable.from(write(), { objectMode: false });
}
