import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { describe, expect, it } from 'vitest';
import { toDependencyAway, withinDeadline } from './redis-deadline.ts';

describe('errors of Redis', () => {
  it.each([
    Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' }),
    Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect' }),
    new Error('Command timed out'),
    new Error('Connection is closed.'),
    new Error("Stream isn't writeable and enableOfflineQueue options is false"),
  ])('mean that it is away: $message', (error) => {
    expect(toDependencyAway(error)).toBeInstanceOf(DependencyAwayError);
  });

  it('lose the command, whose arguments are payloads', () => {
    const error = Object.assign(new Error('ERR'), {
      name: 'ReplyError',
      command: { args: ['a-body-secret'] },
    });
    expect(toDependencyAway(error)).toHaveProperty(
      'cause',
      expect.not.objectContaining({ command: expect.anything() }),
    );
  });

  it('are told from defects', () => {
    const defect = new TypeError('x is not a function');
    expect(toDependencyAway(defect)).toBe(defect);
    const refused = new Error('Custom Id cannot contain :');
    expect(toDependencyAway(refused)).toBe(refused);
  });

  it('reject work that takes too long', async () => {
    await expect(withinDeadline(new Promise(() => undefined), 10, 'a ping')).rejects.toThrow(
      'Redis did not answer a ping within 10 ms.',
    );
  });
});
