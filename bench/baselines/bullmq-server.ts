/* The second baseline, its front: Fastify adds one job to the queue for each request, as BullMQ's tutorial does. */
import { Queue } from 'bullmq';
import { fastify } from 'fastify';
import { parseEvent } from './models.ts';

const queue = new Queue('events', { connection: { url: process.argv[2] ?? '' } });
const server = fastify();
server.post('/api/events', async (request, reply) => {
  const event = parseEvent(request.body);
  if (event === undefined) return reply.code(400).send({ error: 'source and payload are required' });
  await queue.add('event', event, { attempts: 3, backoff: { type: 'exponential', delay: 1000 } });
  return reply.code(202).send({ id: event.eventId, status: 'accepted' });
});
const url = await server.listen({ port: 0, host: '127.0.0.1' });
process.once('disconnect', () => process.exit());
process.send?.({ url });
