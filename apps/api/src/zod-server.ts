import type { HttpServer } from '@sluice/runtime/http-server';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';

/** A server whose routes are checked and answered by zod schemas. */
export type ApiServer = ReturnType<typeof withZod>;

/** Makes a server check requests and answers by the zod schemas of its routes. */
export function withZod(server: HttpServer) {
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  return server.withTypeProvider<ZodTypeProvider>();
}
