/* The ceiling of an HTTP front: Fastify parses the JSON and answers 202, nothing else. */
import { fastify } from 'fastify';

const server = fastify();
server.post('/api/events', async (_request, reply) => {
  reply.code(202);
  return { id: 'evt_00000000000000000000000000000000', status: 'accepted', duplicate: false };
});
const url = await server.listen({ port: 0, host: '127.0.0.1' });
process.once('disconnect', () => process.exit());
process.send?.({ url });
