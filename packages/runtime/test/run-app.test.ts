import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(env: Record<string, string>, ipc = false) {
  const child = spawn(process.execPath, [new URL('app-fixture.ts', import.meta.url).pathname], {
    env: { INGEST_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  });
  children.push(child);
  const output = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    output.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.err += chunk;
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  const started = () =>
    vi.waitFor(() => expect(output.out).toContain('process.started'), { timeout: 10_000 });
  return { child, output, closed, started };
}

test.each(['SIGTERM', 'SIGINT'] as const)('closes everything on %s and exits with 0', async (signal) => {
  const { child, output, closed, started } = start({});
  await started();
  child.kill(signal);
  expect(await closed).toBe(0);
  expect(output.out).toContain('store closed');
  expect(output.out).toContain('"msg":"process.closed"');
});

test('ends when the parent that it speaks to over IPC is gone', async () => {
  const { child, started } = start({}, true);
  await started();
  // Node emits no `close` for a child whose IPC channel was closed first.
  const exited = once(child, 'exit');
  child.disconnect();
  expect(await exited).toEqual([0, null]);
});

test('exits with 1 at once when the same signal comes again', async () => {
  const { child, output, closed, started } = start({ MODE: 'hangs' });
  await started();
  child.kill('SIGTERM');
  await vi.waitFor(() => expect(output.out).toContain('process.closing'));
  child.kill('SIGTERM');
  expect(await closed).toBe(1);
  expect(output.out).not.toContain('process.closed');
});

test('exits with 1 after the deadline when something does not close', async () => {
  const { child, output, closed, started } = start({ MODE: 'hangs', SHUTDOWN_TIMEOUT_MS: '200' });
  await started();
  child.kill('SIGTERM');
  expect(await closed).toBe(1);
  expect(output.out).toContain('process.close-timed-out');
});

test('logs an error that nobody caught, closes and exits with 1', async () => {
  const { output, closed } = start({ MODE: 'throws' });
  expect(await closed).toBe(1);
  expect(output.out).toContain('nobody caught this');
  expect(output.out).toContain('store closed');
});

test('logs a failed start, closes what was open and exits with 1', async () => {
  const { output, closed } = start({ MODE: 'fails' });
  expect(await closed).toBe(1);
  expect(output.out).toContain('could not start');
  expect(output.out).toContain('store closed');
});

test('says in one sentence that the port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { output, closed } = start({ INGEST_PORT: String(port) });
  expect(await closed).toBe(1);
  expect(output.err).toBe(`ingest: port ${port} is taken; stop what listens there or set INGEST_PORT.\n`);
  taken.close();
});

test('says what is wrong with the settings and prints no stack', async () => {
  const { output, closed } = start({ INGEST_PORT: 'x' });
  expect(await closed).toBe(1);
  expect(output.err).toBe('ingest: INGEST_PORT is "x"; expected a port from 0 to 65535.\n');
  expect(output.out).toBe('');
});
