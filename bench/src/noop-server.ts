/* The ceiling of an HTTP front: Fastify parses the JSON and answers 202, nothing else. Prints its port. */
import { fastify } from 'fastify';

const server = fastify();
server.post('/api/events', async (_request, reply) => {
  reply.code(202);
  return { id: 'evt_00000000000000000000000000000000', status: 'accepted', duplicate: false };
});
await server.listen({ port: 0, host: '127.0.0.1' });
const address = server.server.address();
process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
process.once('disconnect', () => process.exit(0));
