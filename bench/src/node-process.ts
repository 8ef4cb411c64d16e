import type { Serializable } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A program of ours that runs beside this one, and ends with it. */
export type NodeProcess = {
  readonly pid: number;
  readonly send: (message: Serializable) => void;
  readonly onMessage: (take: (message: unknown) => void) => void;
  /** Waits for `promise`. @throws Error when the process ends first */
  readonly waitFor: <T>(promise: Promise<T>) => Promise<T>;
  /** Ends it at once, if it still runs. */
  readonly kill: () => Promise<void>;
};

/** Starts a TypeScript file of this workspace as a process with a channel for messages. */
export function startNodeProcess(script: string, args: readonly string[] = []): NodeProcess {
  const child = fork(script, [...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code, signal]) => `${script} ended with ${signal ?? code}.`);
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    send: (message) => child.send(message),
    onMessage: (take) => {
      child.on('message', take);
    },
    waitFor: (promise) =>
      Promise.race([promise, ended.then((sentence) => Promise.reject(new Error(sentence)))]),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * Starts a server of this workspace and waits until it tells its address.
 *
 * @throws Error when it ends before that
 */
export async function startNodeServer(
  script: string,
  args: readonly string[] = [],
): Promise<NodeProcess & { readonly url: string }> {
  const server = startNodeProcess(script, args);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  server.onMessage(resolve);
  const message = await server.waitFor(promise);
  if (typeof message !== 'object' || message === null || !('url' in message)) {
    throw new TypeError(`${script} told no address.`);
  }
  return { ...server, url: String(message.url) };
}
