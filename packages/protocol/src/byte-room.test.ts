import { expect, it } from 'vitest';
import { createByteRoom } from './byte-room.ts';

/** Takes room for each in turn, and notes who is in. */
function enterAll(room: ReturnType<typeof createByteRoom>, sizes: readonly number[]): string[] {
  const log: string[] = [];
  for (const [index, bytes] of sizes.entries()) {
    const turn = room.take(bytes);
    if (turn === undefined) log.push(`${index} at once`);
    else
      turn.then(
        () => log.push(`${index} in turn`),
        (error: unknown) => log.push(`${index} away: ${String(error)}`),
      );
  }
  return log;
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

it('lets in at once while there is room, then in order, and nobody past one who waits', async () => {
  const room = createByteRoom(10);
  const log = enterAll(room, [4, 6, 5, 1, 1]);
  await settled();
  expect(log).toEqual(['0 at once', '1 at once']);
  room.give(4);
  await settled();
  expect(log).toHaveLength(2);
  room.give(6);
  await settled();
  expect(log.slice(2)).toEqual(['2 in turn', '3 in turn', '4 in turn']);
});

it('lets in what is larger than all of it, alone', async () => {
  const room = createByteRoom(10);
  const log = enterAll(room, [3, 50, 1]);
  room.give(3);
  await settled();
  expect(log).toEqual(['0 at once', '1 in turn']);
  room.give(50);
  await settled();
  expect(log.at(-1)).toBe('2 in turn');
});

it('sends those away who wait, and keeps room for those who come later', async () => {
  const room = createByteRoom(10);
  const log = enterAll(room, [10, 4, 4]);
  room.sendAway('no primary');
  await settled();
  expect(log.slice(1)).toEqual(['1 away: no primary', '2 away: no primary']);
  room.give(10);
  expect(enterAll(room, [10])).toEqual(['0 at once']);
});
