import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** What was answered; `body` is JSON, else text. */
export type Called = { readonly status: number; readonly headers: Headers; readonly body: never };

/** What goes with a request. */
export type CallOptions = {
  /** Sent as JSON, unless it is text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Asks an api with a key. */
export type Client = {
  call(method: string, path: string, options?: CallOptions): Promise<Called>;
  /** Asks until the answer is as wanted; throws after 30 s with what was answered last. */
  until(what: string, path: string, isIt: (body: never) => boolean): Promise<Called>;
};

const PATIENCE_MS = 30_000;
const AGAIN_MS = 100;

/** Creates a client of the api at `url`; without a key it says nothing of who it is. */
export function createClient(url: string, key?: string): Client {
  async function call(method: string, path: string, { body, headers }: CallOptions = {}): Promise<Called> {
    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const { status, headers: answered } = response;
    if (answered.get('content-type')?.startsWith('text/event-stream')) {
      // It has no end: that it began is enough.
      await response.body?.cancel();
      return { status, headers: answered, body: '' as never };
    }
    const text = await response.text();
    const isJson = /[/+]json\b/.test(answered.get('content-type') ?? '');
    return { status, headers: answered, body: (isJson ? JSON.parse(text) : text) as never };
  }

  return {
    call,
    async until(what, path, isIt) {
      const untilMs = performance.now() + PATIENCE_MS;
      for (;;) {
        const called = await call('GET', path);
        if (called.status === 200 && isIt(called.body)) return called;
        if (performance.now() > untilMs) {
          throw new Error(`Not within 30 s: ${what}. Last: ${called.status} ${JSON.stringify(called.body)}`);
        }
        await pause(AGAIN_MS);
      }
    },
  };
}

/** Draws a key as BOOTSTRAP_ADMIN_KEY takes it. */
export function drawKey(): string {
  return `slk_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`;
}
