import { describe, expect, it } from 'vitest';
import { parseMemory } from './redis-memory.ts';

describe('the memory of Redis', () => {
  it('is a share of its limit', () => {
    const info =
      '# Memory\r\nused_memory:700\r\ntotal_system_memory:9999\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n';
    expect(parseMemory(info)).toEqual({ usedShare: 0.7, evicts: false, usedBytes: 700, limitBytes: 1000 });
  });

  it("is a share of the machine's when it has no limit", () => {
    const info =
      'used_memory:50\r\ntotal_system_memory:100\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n';
    expect(parseMemory(info)).toEqual({ usedShare: 0.5, evicts: true, usedBytes: 50, limitBytes: 100 });
  });

  it('is no share when nothing is known', () => {
    expect(parseMemory('')).toEqual({ usedShare: 0, evicts: false, usedBytes: 0, limitBytes: null });
  });
});
