import { addJsonParser } from '@sluice/runtime/json-parser';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Makes the routes of a scope keep the text of their JSON bodies, and returns what reads it: parsed and written again,
 * numbers with many digits would be others.
 */
export function keepBodyText(scope: FastifyInstance): (request: FastifyRequest) => string {
  const texts = new WeakMap<FastifyRequest, string>();
  // The parser overlooks a byte order mark.
  addJsonParser(scope, (request, text) => texts.set(request, text.replace(/^\uFEFF/, '')));
  return (request) => texts.get(request) ?? '';
}
