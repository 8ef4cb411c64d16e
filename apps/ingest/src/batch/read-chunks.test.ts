import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { readChunks } from './read-chunks.ts';

async function readAll(body: PassThrough, limits: Parameters<typeof readChunks>[1]): Promise<string> {
  const read: Buffer[] = [];
  for await (const chunk of readChunks(body, limits)) read.push(chunk);
  return Buffer.concat(read).toString();
}

const limits = { maxBytes: 10, maxMs: 60_000 };

it('reads a body to its end', async () => {
  const body = new PassThrough();
  body.write('12345');
  body.end('67890');
  expect(await readAll(body, limits)).toBe('1234567890');
});

it('stops a body that is too large, and drops the rest so that its sender hears the answer', async () => {
  const body = new PassThrough();
  body.write('12345678901');
  await expect(readAll(body, limits)).rejects.toMatchObject({ code: 'ERR_BODY_TOO_LARGE' });
  const rest = new Promise((resolve) => body.on('end', resolve));
  body.end('x'.repeat(1_000_000));
  await rest;
});

it('stops a body that takes too long, and drops the rest', async () => {
  const body = new PassThrough();
  body.write('1');
  await expect(readAll(body, { ...limits, maxMs: 20 })).rejects.toMatchObject({
    code: 'ERR_REQUEST_TIMEOUT',
  });
  const rest = new Promise((resolve) => body.on('end', resolve));
  body.end('x'.repeat(1_000_000));
  await rest;
});

it('remembers nothing of the chunks that it has given, however many and small they are', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const body = new PassThrough();
  const chunks = readChunks(body, { maxBytes: 1024 ** 2, maxMs: 60_000 });
  let before = 0;
  for (let count = 0; count < 60_000; count++) {
    if (count === 10_000) {
      collect();
      before = process.memoryUsage().heapUsed;
    }
    const next = chunks.next();
    body.write('1');
    await next;
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * 1024 ** 2);
  await chunks.return(undefined);
});

it('says that the body did not end when the sender hangs up', async () => {
  const body = new PassThrough();
  body.write('1');
  const read = readAll(body, limits);
  body.destroy(new Error('aborted'));
  await expect(read).rejects.toMatchObject({ code: 'ERR_REQUEST_MALFORMED' });
});
