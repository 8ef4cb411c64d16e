import { expect, it } from 'vitest';
import { createAnswerReader } from './answers.ts';

function toAnswer(status: number, body: string): Buffer {
  return Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

it('reads whole answers of any length', () => {
  const { read } = createAnswerReader();
  expect(read(toAnswer(202, '{"id":1}'))).toBe(202);
  expect(read(toAnswer(202, '{"id":2}'))).toBe(202);
  expect(read(toAnswer(503, 'a much longer one'))).toBe(503);
});

it('waits for the rest of an answer that comes in parts', () => {
  const { read } = createAnswerReader();
  const answer = toAnswer(400, 'x'.repeat(100));
  expect(read(answer.subarray(0, 60))).toBeUndefined();
  expect(read(answer.subarray(60, 100))).toBeUndefined();
  expect(read(answer.subarray(100))).toBe(400);
});

it('refuses what it cannot count', () => {
  expect(() => createAnswerReader().read(Buffer.concat([toAnswer(202, 'a'), toAnswer(202, 'b')]))).toThrow(
    /more than the answer/,
  );
  expect(() => createAnswerReader().read(Buffer.from('SSH-2.0-something else'))).toThrow(/no answer/);
  expect(() => createAnswerReader().read(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow(/length/);
});
