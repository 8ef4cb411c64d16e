import { describe, expect, it } from 'vitest';
import { parseMark, toMarkValue } from './redis-keys.ts';

describe('marks', () => {
  it('come back as they were written', () => {
    const mark = { jobId: 'b-host-1-42', contentHash: 'f00d' };
    expect(parseMark(toMarkValue(mark))).toEqual(mark);
  });

  it('are null when missing or not ours', () => {
    for (const value of [null, undefined, '', 'nospace', ' leading']) expect(parseMark(value)).toBeNull();
  });
});
