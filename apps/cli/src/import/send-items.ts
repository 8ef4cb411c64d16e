/*
 * How the items of a chunk get through.
 *
 * 1. They are sent as one batch; each result says what became of its item.
 * 2. Items that may come again (a store is away, the source sends too fast), and those without a result because the
 *    batch broke off, are sent again after the pause that the server asks for.
 * 3. While items come back, fewer are sent at once; when all of them pass, twice as many.
 * 4. When nothing at all was taken for `patienceMs`, it gives up; what was taken is recognised when it is sent again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type BatchResult, batchAnswerSchema } from '@sluice/contracts/api';
import { ERRORS } from '@sluice/contracts/errors';
import { type ApiClient, isErrorCode, parseJson, readText, toApiError, toRefusal } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Item } from './item.ts';

/** What became of an item. */
export type Outcome = 'accepted' | 'duplicate' | { readonly code: string; readonly detail: string };

/** Sends items until each of them has an outcome, in their order. */
export type SendItems = (items: readonly Item[]) => Promise<ReadonlyMap<Item, Outcome>>;

export type SenderOptions = {
  readonly api: ApiClient;
  readonly signal: AbortSignal;
  readonly patienceMs: number;
  /** Told that it waits, and why. */
  readonly onWait: (reason: string, waitMs: number) => void;
};

/** What came back of one batch. */
type Reply = {
  readonly results: readonly BatchResult[];
  readonly retryAfterMs: number | undefined;
  /** Why items come back. */
  readonly reason: string;
};

const BATCH_TIMEOUT_MS = 20_000;
const FEWEST_ITEMS = 16;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** An error inside the server may be of this one item: then it must not hold the others for ever. */
const MAX_INTERNAL_ERRORS = 5;

/** Refusals that would be the same for every row. */
const OF_THE_WHOLE: readonly string[] = ['ERR_SOURCE_UNKNOWN', 'ERR_FORBIDDEN', 'ERR_UNAUTHENTICATED'];

/** Creates the sender of an import's items. */
export function createSender({ api, signal, patienceMs, onWait }: SenderOptions): SendItems {
  let mostItems = Number.POSITIVE_INFINITY;
  let hasAnswered = false;

  return async function sendItems(items) {
    const outcomes = new Map<Item, Outcome>();
    const internalErrors = new Map<Item, number>();
    let open = [...items];
    let pauseMs = FIRST_PAUSE_MS;
    let lastProgress = performance.now();
    while (open.length > 0) {
      const sent = open.slice(0, mostItems);
      const reply = await sendOnce(sent);
      const settled = settle(sent, reply.results, outcomes, internalErrors);
      open = open.filter((item) => !outcomes.has(item));
      if (settled === sent.length) {
        mostItems *= 2;
        pauseMs = FIRST_PAUSE_MS;
        lastProgress = performance.now();
        continue;
      }
      mostItems = Math.max(FEWEST_ITEMS, settled * 2);
      if (settled > 0) {
        pauseMs = FIRST_PAUSE_MS;
        lastProgress = performance.now();
      } else if (performance.now() - lastProgress > patienceMs) {
        throw new CliError(
          EXIT.unreachable,
          `Nothing was taken for ${Math.round(patienceMs / 1000)} s (${reply.reason}). The same command goes on from here.`,
        );
      }
      const waitMs = reply.retryAfterMs ?? pauseMs;
      onWait(reply.reason, waitMs);
      await pause(waitMs, undefined, { signal });
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    return outcomes;
  };

  async function sendOnce(items: readonly Item[]): Promise<Reply> {
    try {
      const response = await api.open({
        method: 'POST',
        path: '/api/events/batch',
        headers: { 'content-type': 'application/x-ndjson' },
        body: Buffer.concat(items.map(({ line }) => line)),
        signal: AbortSignal.timeout(BATCH_TIMEOUT_MS),
      });
      const text = await readText(response, api.url, signal);
      const reply = toReply(response, text, api.hasKey);
      hasAnswered = true;
      return reply;
    } catch (error) {
      const isAway = error instanceof CliError && error.exitCode === EXIT.unreachable;
      // Whoever never answered is more likely misspelt than away.
      if (!isAway || !hasAnswered) throw error;
      return { results: [], retryAfterMs: undefined, reason: error.message };
    }
  }
}

/** A refusal that may pass, and one that tells of each item, is a reply; any other is an error. */
function toReply(response: Response, text: string, hasKey: boolean): Reply {
  const { status, headers } = response;
  const body = parseJson(text);
  const answer = batchAnswerSchema.safeParse(body);
  const error = response.ok ? undefined : toApiError(status, text, hasKey);
  if (!answer.success && (error === undefined || error.exitCode !== EXIT.unreachable)) {
    throw error ?? new CliError(EXIT.unreachable, 'The answer to a batch is another than was agreed.');
  }
  const results = answer.success ? answer.data.results : [];
  for (const result of results) {
    if ('code' in result && OF_THE_WHOLE.includes(result.code)) {
      throw new CliError(EXIT.refused, toRefusal(result.code, result.detail, hasKey));
    }
  }
  const waiting = results.find((result) => 'code' in result && mayComeAgain(result.code));
  return {
    results,
    retryAfterMs: toRetryAfterMs(headers.get('retry-after')),
    reason:
      error?.message ?? (waiting !== undefined && 'code' in waiting ? waiting.detail : 'the batch broke off'),
  };
}

/** Notes the outcomes that will not change, and returns how many. */
function settle(
  sent: readonly Item[],
  results: readonly BatchResult[],
  outcomes: Map<Item, Outcome>,
  internalErrors: Map<Item, number>,
): number {
  let settled = 0;
  for (const result of results) {
    const item = sent[result.index];
    if (item === undefined) continue;
    if ('code' in result && mayComeAgain(result.code)) {
      const count = (internalErrors.get(item) ?? 0) + (result.code === 'ERR_INTERNAL' ? 1 : 0);
      internalErrors.set(item, count);
      if (count < MAX_INTERNAL_ERRORS) continue;
    }
    outcomes.set(item, 'id' in result ? (result.duplicate ? 'duplicate' : 'accepted') : result);
    settled += 1;
  }
  return settled;
}

function mayComeAgain(code: string): boolean {
  return isErrorCode(code) && ERRORS[code].retry;
}

/** Reads `Retry-After`: seconds, or a date. */
function toRetryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
