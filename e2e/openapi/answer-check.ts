import { PROBLEM_MEDIA_TYPE } from '@sluice/runtime/problems';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type Answer, type ApiDocument, createOperationFinder, type Header } from './document.ts';

/** An answer of the api, of ingest or of live, and the request that it answers. */
export type SeenAnswer = {
  readonly method: string;
  readonly pathname: string;
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  /** Null where it was not read: a stream has no end. */
  readonly body: string | null;
};

/** Tells in plain sentences what of an answer is not as documented; nothing when all is. */
export type AnswerCheck = (answer: SeenAnswer) => readonly string[];

/** What the api serves for people and for tools; it is no part of the description. */
const PAGES = /^\/(admin\/queues|docs|openapi\.json)(\/|$)/;

/** Headers that say something of an answer: they must be documented where they are sent. */
const TELLING = ['location', 'etag', 'retry-after', 'www-authenticate', 'set-cookie'];

/** Where in the document something is; ajv resolves what it refers to from there. */
const ROOT = 'sluice:/openapi.json';
const PROBLEM = `${ROOT}#/components/schemas/Problem`;

/** Creates the check of answers against a description. */
export function createAnswerCheck(document: ApiDocument): AnswerCheck {
  const ajv = createValidator(document);
  const find = createOperationFinder(document);

  function findWrongs(seen: SeenAnswer): readonly string[] {
    const { method, pathname, status } = seen;
    const { isKnownPath, operation } = find(method, pathname);
    if (operation === undefined) {
      const expected = isKnownPath ? 405 : 404;
      if (status === expected || (status === 404 && isKnownPath))
        return checkBody(seen, PROBLEM_MEDIA_TYPE, PROBLEM);
      return [isKnownPath ? 'no operation has this method' : 'no operation has this address'];
    }
    const answer = operation.responses[`${status}`];
    if (answer === undefined) {
      return [`the status is not among ${Object.keys(operation.responses).join(', ')}`];
    }
    const place = toPlace('paths', operation.path, operation.method, 'responses', `${status}`);
    return [...checkContent(seen, answer, place), ...checkHeaders(seen, answer, place)];
  }

  function checkContent(seen: SeenAnswer, { content = {} }: Answer, place: string): readonly string[] {
    const types = Object.keys(content);
    if (seen.method === 'HEAD' || seen.status === 101) return [];
    if (types.length === 0) return seen.body ? ['a body is answered where none is documented'] : [];
    const type = toEssence(seen.headers.get('content-type'));
    if (!types.includes(type)) return [`the media type is ${type || 'missing'}, not ${types.join(' or ')}`];
    return checkBody(seen, type, `${place}/content/${toPointerPart(type)}/schema`);
  }

  function checkBody({ body }: SeenAnswer, type: string, schema: string): readonly string[] {
    if (body === null || !/[/+]json$/.test(type)) return [];
    const value = parse(body);
    if (value === undefined) return ['the body is not JSON'];
    const validate = ajv.getSchema(schema);
    if (validate === undefined) throw new TypeError(`The document has nothing at ${schema}.`);
    return validate(value) ? [] : [`the body is not as documented: ${toErrors(validate)}`];
  }

  function checkHeaders({ headers }: SeenAnswer, answer: Answer, place: string): readonly string[] {
    const documented: Readonly<Record<string, Header>> = answer.headers ?? {};
    const extra = TELLING.filter((name) => headers.get(name) !== null && !Object.hasOwn(documented, name));
    const wrong = Object.entries(documented).map(([name, { required = false }]) => {
      const value = headers.get(name);
      if (value === null) return required ? `the header ${name} is missing` : '';
      const validate = ajv.getSchema(`${place}/headers/${toPointerPart(name)}/schema`);
      return validate === undefined || validate(value) ? '' : `the header ${name} is ${value}`;
    });
    return [
      ...extra.map((name) => `the header ${name} is not documented`),
      ...wrong.filter((it) => it !== ''),
    ];
  }

  return (seen) => {
    const { method, pathname, status, headers } = seen;
    if (PAGES.test(pathname)) return [];
    const name = find(method, pathname).operation?.operationId ?? 'no operation';
    const request = headers.get('x-request-id') ?? 'no request id';
    const head = `${method} ${pathname} (${name}) was answered ${status} (${request})`;
    return findWrongs(seen).map((wrong) => `${head}: ${wrong}`);
  };
}

/** Creates a validator that knows a document: `getSchema` takes the address of a place in it. */
export function createValidator(document: ApiDocument): Ajv2020 {
  // A key that a record must have need not be among its declared ones.
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true });
  formats.default(ajv);
  // The document itself is taken for a schema too, with keywords that say nothing.
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema(document, ROOT, undefined, false);
  return ajv;
}

/** Writes the address of a place in a document. */
export function toPlace(...parts: readonly string[]): string {
  return `${ROOT}#/${parts.map(toPointerPart).join('/')}`;
}

function toPointerPart(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** Writes the first of what ajv found. */
export function toErrors({ errors }: Pick<ValidateFunction, 'errors'>): string {
  const found = (errors ?? []).map(({ instancePath, message, params }) => {
    const extra = 'additionalProperty' in params ? ` (${params['additionalProperty']})` : '';
    return `${instancePath || '/'} ${message}${extra}`;
  });
  return `${found.slice(0, 5).join('; ')}${found.length > 5 ? ` and ${found.length - 5} more` : ''}`;
}

function toEssence(type: string | null): string {
  return (type ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** JSON has no undefined. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
