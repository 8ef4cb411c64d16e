import { LIVE_EVENTS } from '@sluice/contracts/live';

/** A message, written once for all who watch. */
export type Message = {
  readonly event: (typeof LIVE_EVENTS)[keyof typeof LIVE_EVENTS];
  /** What resumes after it; null = go on from the id before. */
  readonly id: string | null;
  /** The message as server-sent events carry it. */
  readonly frame: Buffer;
  /** Where the JSON of `data` begins in the frame. */
  readonly dataAt: number;
};

/** What filters look at. */
export type Labels = Readonly<Record<string, string | null>>;

/** A message of the ring: `token` is its id. */
export type LiveEntry = Message & {
  readonly token: string;
  readonly tenant: string;
  /** When MongoDB wrote it, in epoch milliseconds. */
  readonly at: number;
  readonly labels: Labels;
};

const FRAME_END = '\n\n';

/** Writes a message. JSON holds no line break, so that one `data` line carries it. */
export function toMessage(event: Message['event'], id: string | null, data: unknown): Message {
  const head = `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: `;
  const frame = Buffer.from(`${head}${JSON.stringify(data)}${FRAME_END}`);
  return { event, id, frame, dataAt: head.length };
}

/** Writes a heartbeat; without an id the client keeps the one it has. */
export function toHeartbeat(token: string | null, now: number): Message {
  return toMessage(LIVE_EVENTS.heartbeat, token, { at: new Date(now).toISOString() });
}

/** Writes the message that says: something may have been missed, read everything again. */
export function toReset(token: string | null, reason: string): Message {
  return toMessage(LIVE_EVENTS.reset, token, { reason });
}

/** Writes a message as JSON, `{event, id, data}`; `data` is copied, not written again. */
export function toJsonText({ event, id, frame, dataAt }: Message): Buffer {
  const head = Buffer.from(`{"event":"${event}","id":${JSON.stringify(id)},"data":`);
  return Buffer.concat([head, frame.subarray(dataAt, frame.length - FRAME_END.length), Buffer.from('}')]);
}
