import { onTestFinished } from 'vitest';

/** A message of a stream. */
export type SseMessage = { readonly id: string | undefined; readonly event: string; readonly data: unknown };

/** A stream that is read message by message, so that a test sees each field as it was sent. */
export type SseReader = {
  readonly response: Response;
  /** Returns the next message that `accept` takes (default any); rejects when the stream ends first. */
  next(accept?: (message: SseMessage) => boolean): Promise<SseMessage>;
  /** Everything that came so far. */
  readonly text: () => string;
  close(): void;
};

/** Opens a stream. */
export async function openStream(
  url: string,
  {
    lastEventId,
    headers: others,
  }: { readonly lastEventId?: string; readonly headers?: Record<string, string> } = {},
): Promise<SseReader> {
  const ending = new AbortController();
  const headers = { ...others, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
  const response = await fetch(url, { headers, signal: ending.signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  let read = 0;

  async function next(accept: (message: SseMessage) => boolean = () => true): Promise<SseMessage> {
    for (;;) {
      const end = text.indexOf('\n\n', read);
      if (end !== -1) {
        const message = parseMessage(text.slice(read, end));
        read = end + 2;
        if (message !== undefined && accept(message)) return message;
        continue;
      }
      const { done, value } = await reader.read();
      if (done) throw new Error('The stream ended.');
      text += decoder.decode(value, { stream: true });
    }
  }

  function close(): void {
    ending.abort();
  }

  onTestFinished(close);
  return { response, next, text: () => text, close };
}

/** Tells whether a message carries a record. */
export function isRecord({ event }: SseMessage): boolean {
  return event === 'event';
}

/** Returns the number that a record of `fixtures.ts` carries. */
export function toNumber({ data }: SseMessage): number {
  return (data as { data: { n: number } }).data.n;
}

function parseMessage(block: string): SseMessage | undefined {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { id: fields.get('id'), event: fields.get('event') ?? 'message', data: JSON.parse(data) };
}
