import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { MongoServerError } from 'mongodb';
import { expect, it, onTestFinished } from 'vitest';
import { toStoreError } from './store-error.ts';

it.each([
  ['without a primary', 10107],
  ['out of disk', 14031],
  ['over its quota at Atlas', 8000],
])('calls a MongoDB away that is %s', (_what, code) => {
  const error = new MongoServerError({ message: 'Refused.', code });
  expect(toStoreError(error)).toBeInstanceOf(DependencyAwayError);
});

it('calls a MongoDB away when a socket breaks while a large command is written: the driver passes that on', async () => {
  const server = createServer((socket) => socket.resetAndDestroy()).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  expect(socket.write(Buffer.alloc(1024 ** 2))).toBe(false);
  const error = await once(socket, 'drain').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
  expect(toStoreError(error)).toBeInstanceOf(DependencyAwayError);
});

it('leaves what was wrong with the question as it is', () => {
  const error = new MongoServerError({ message: 'Refused.', code: 121 });
  expect(toStoreError(error)).toBe(error);
});
