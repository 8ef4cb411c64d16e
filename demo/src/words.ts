import { PlainError } from '@sluice/contracts/plain-error';
import { StartError } from '@sluice/local/say';
import type { Stack } from '@sluice/local/stack';
import type { Paint } from './paint.ts';

/** Writes what a person needs to know of an error: a sentence where it has one, else all there is. */
export function explainError(error: unknown): string {
  if (error instanceof PlainError || error instanceof StartError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Writes what is off, or that nothing is. */
export function describeFaults(faults: readonly string[], paint: Paint): string {
  if (faults.length === 0) return ` ${paint('green', 'Everything came out as expected.')}\n`;
  return ` ${paint('red', 'Not everything came out as expected:')}\n${faults.map((fault) => ` - ${fault}\n`).join('')}`;
}

/** Writes where to look around. */
export function describeAddresses(stack: Stack, logDir: string): string {
  const { apiUrl, ingestUrl, liveUrl, redisUrl, mongodbUri } = stack;
  const places = [
    ['dashboard', apiUrl],
    ['api', `${apiUrl}/api/events/stats`],
    ['docs', `${apiUrl}/docs`],
    ['Bull Board', `${apiUrl}/admin/queues`],
    ['live', `curl -N ${liveUrl}/stream`],
    ['ingest', ingestUrl],
    ...(stack.redis === undefined ? [] : [['Redis', redisUrl]]),
    ...(stack.mongo === undefined ? [] : [['MongoDB', mongodbUri]]),
    ['logs', logDir],
  ];
  const lines = places.map(([name = '', place]) => ` ${name.padEnd(12)}${place}`);
  return `\n${lines.join('\n')}\n\n Sluice stays up; Ctrl-C stops everything.\n`;
}
