import {
  type ProcessItem,
  processListSchema,
  type QueueList,
  queueListSchema,
} from '@sluice/contracts/processes';
import { noQuery } from '../no-query.ts';
import { json, problems } from '../openapi/responses.ts';
import type { ApiServer } from '../zod-server.ts';

export type QueueRoutesOptions = {
  readonly readProcesses: () => Promise<readonly ProcessItem[]>;
  readonly readQueues: () => Promise<QueueList>;
};

const tags = ['Operations'];

/** Adds the routes that tell which processes there are, and how the queues stand. */
export function addQueueRoutes(server: ApiServer, { readProcesses, readQueues }: QueueRoutesOptions): void {
  server.get(
    '/api/processes',
    {
      config: { role: 'viewer', scope: 'system' },
      schema: {
        tags,
        operationId: 'listProcesses',
        summary: 'List the processes',
        description:
          'Every process of Sluice, as it said itself within the last five minutes: where it runs, since when, whether it holds and why, what it did in the last minute. Each says so every five seconds, and at once when its state changes. Read from Redis, so it is there while MongoDB is away.',
        querystring: noQuery,
        response: {
          200: json('The processes.', processListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => reply.send({ items: [...(await readProcesses())] }),
  );

  server.get(
    '/api/queues',
    {
      config: { role: 'viewer', scope: 'system' },
      schema: {
        tags,
        operationId: 'listQueues',
        summary: 'Tell how the queues stand',
        description:
          'Per queue how many jobs wait, how long the oldest has, who serves it, what went in and out in the last minute, and when what waits will be done at that pace. With the memory of Redis, and whether maintenance is on.',
        querystring: noQuery,
        response: {
          200: json('The queues.', queueListSchema),
          ...problems('ERR_QUERY_INVALID', 'ERR_UNAVAILABLE'),
        },
      },
    },
    async (_request, reply) => reply.send(await readQueues()),
  );
}
