import { setTimeout as pause } from 'node:timers/promises';
import { LIVE_EVENTS, type LiveMessage } from '@sluice/contracts/live';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';
import { type ApiClient, ApiError, parseJson, readText, toApiError } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';

/** What comes on a stream: a record, or word that something may have been missed. */
export type StreamItem =
  | { readonly kind: 'record'; readonly id: string; readonly record: LiveMessage }
  /** `id` is where to go on from, empty where nobody knows. */
  | { readonly kind: 'reset'; readonly id: string; readonly reason: string };

export type StreamOptions = {
  readonly api: ApiClient;
  /** The filters, as the api names them. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Where to go on: the id of the last record that was seen. */
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
  /** Told when the stream is open, at the start and again after a break. */
  readonly onOpen: () => void;
  /** Told when the stream has broken off, before it is opened again. */
  readonly onBreak: (reason: string) => void;
};

/** Heartbeats come every 10 s; a stream that is silent for longer is dead. */
const SILENCE_MS = 35_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

const recordSchema = z.custom<LiveMessage>((value) => typeof value === 'object' && value !== null);
const resetSchema = z.object({ reason: z.string() });

/**
 * Reads the live stream without end. After a break it goes on behind the last message, so that nothing is missed; what
 * may have been missed all the same is told by a `reset`.
 *
 * @throws ApiError when the stream is refused; CliError when it cannot be opened the first time
 */
export async function* readStream(options: StreamOptions): AsyncGenerator<StreamItem> {
  const { signal, onBreak } = options;
  let lastEventId = options.lastEventId;
  let wasOpen = false;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      for await (const message of openOnce(options, lastEventId)) {
        wasOpen = true;
        pauseMs = FIRST_PAUSE_MS;
        if (message.id !== undefined) lastEventId = message.id;
        const item = toItem(message);
        if (item !== undefined) yield item;
      }
      onBreak('it ended');
    } catch (error) {
      signal.throwIfAborted();
      const isAway = error instanceof CliError && error.exitCode === EXIT.unreachable;
      if (!isAway || (!wasOpen && !(error instanceof ApiError))) throw error;
      onBreak(error.message);
    }
    await pause(pauseMs, undefined, { signal });
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

type Message = { readonly id: string | undefined; readonly event: string | undefined; readonly data: string };

async function* openOnce(options: StreamOptions, lastEventId: string | undefined): AsyncGenerator<Message> {
  const { api, query, signal, onOpen } = options;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await api.open({
      path: '/stream',
      query,
      headers: {
        accept: 'text/event-stream, application/problem+json',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      signal: silence.signal,
    });
    if (!response.ok || response.body === null) {
      throw toApiError(response.status, await readText(response, api.url, signal), api.hasKey);
    }
    onOpen();
    const messages = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { id, event, data } of messages) {
      timer.refresh();
      yield { id, event, data };
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof CliError) throw cause;
    const reason = silence.signal.aborted
      ? `nothing came for ${SILENCE_MS / 1000} s`
      : 'the connection broke';
    throw new CliError(EXIT.unreachable, reason, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function toItem({ id = '', event, data }: Message): StreamItem | undefined {
  const value = parseJson(data);
  if (event === LIVE_EVENTS.event) {
    const record = recordSchema.safeParse(value);
    return record.success ? { kind: 'record', id, record: record.data } : undefined;
  }
  if (event !== LIVE_EVENTS.reset) return undefined;
  const reset = resetSchema.safeParse(value);
  return { kind: 'reset', id, reason: reset.success ? reset.data.reason : 'unknown' };
}
