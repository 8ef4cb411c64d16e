import { expect, test, vi } from 'vitest';
import { createLifecycle } from './lifecycle.ts';
import { createLogger } from './logger.ts';

function createSubject(timeoutMs = 5000) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ app: 'test', instance: 'test-1', level: 'info', destination });
  return { lifecycle: createLifecycle({ logger, timeoutMs }), lines };
}

test('closes the last added first, one after the other', async () => {
  const { lifecycle } = createSubject();
  const closed: string[] = [];
  lifecycle.add('store', () => closed.push('store'));
  lifecycle.add('server', async () => {
    await Promise.resolve();
    closed.push('server');
  });
  expect(lifecycle.isClosing()).toBe(false);
  expect(await lifecycle.close()).toBe(true);
  expect(closed).toEqual(['server', 'store']);
  expect(lifecycle.isClosing()).toBe(true);
});

test('closes once, however often it is asked', async () => {
  const { lifecycle } = createSubject();
  const close = vi.fn();
  lifecycle.add('store', close);
  await Promise.all([lifecycle.close(), lifecycle.close()]);
  await lifecycle.close();
  expect(close).toHaveBeenCalledTimes(1);
});

test('goes on after an error and tells of it', async () => {
  const { lifecycle, lines } = createSubject();
  const close = vi.fn();
  lifecycle.add('store', close);
  lifecycle.add('server', () => Promise.reject(new Error('jammed')));
  expect(await lifecycle.close()).toBe(false);
  expect(close).toHaveBeenCalled();
  expect(lines.join()).toContain('jammed');
});

test('gives all of it one deadline and names what is left open', async () => {
  vi.useFakeTimers();
  try {
    const { lifecycle, lines } = createSubject(1000);
    lifecycle.add('store', () => undefined);
    lifecycle.add('server', () => new Promise(() => undefined));
    const closed = lifecycle.close();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await closed).toBe(false);
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ left: ['server', 'store'] });
  } finally {
    vi.useRealTimers();
  }
});

test('closes at once what is added while closing', async () => {
  const { lifecycle } = createSubject();
  const close = vi.fn();
  lifecycle.add('server', () => lifecycle.add('late', close));
  expect(await lifecycle.close()).toBe(true);
  expect(close).toHaveBeenCalledTimes(1);
});
