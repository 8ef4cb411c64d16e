import type { Redis } from 'ioredis';

/**
 * Reads Redis' own clock, in whole epoch ms. When a job is due goes by it: by the clock of a process that is minutes fast
 * a retry would stay away for minutes after that process is gone.
 */
export async function readServerMs(client: Redis): Promise<number> {
  const [seconds, micros] = await client.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
