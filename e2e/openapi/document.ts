/** A body that an operation takes or answers. */
export type Media = { readonly schema?: object; readonly example?: unknown };

/** A header of an answer. */
export type Header = { readonly required?: boolean; readonly schema: object };

/** What an operation can answer with one status. */
export type Answer = {
  readonly description: string;
  readonly content?: Readonly<Record<string, Media>>;
  readonly headers?: Readonly<Record<string, Header>>;
};

/** An operation as `/openapi.json` describes it, as far as it is looked at here. */
type Described = {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly 'x-role'?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Answer>>;
};

/** The document at `/openapi.json`; that it is one, `openapi.test.ts` proves. */
export type ApiDocument = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

/** An operation with its place in the document. */
export type Operation = Described & { readonly method: string; readonly path: string };

/** Finds what a request is to; a known path may have no operation of that method. */
export type FindOperation = (
  method: string,
  pathname: string,
) => { readonly isKnownPath: boolean; readonly operation: Operation | undefined };

/** Asks the api for its description. */
export async function readDocument(apiUrl: string): Promise<ApiDocument> {
  const response = await fetch(new URL('/openapi.json', apiUrl));
  return (await response.json()) as ApiDocument;
}

/** Lists all operations of a document. */
export function listOperations({ paths }: ApiDocument): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ ...described, method, path })),
  );
}

/** Creates what finds operations by method and path; as in the service, a literal path goes before a pattern. */
export function createOperationFinder(document: ApiDocument): FindOperation {
  const routes = Object.keys(document.paths)
    .map((path) => ({ path, pattern: toPattern(path), open: path.split('{').length }))
    .toSorted((left, right) => left.open - right.open);
  const operations = new Map(listOperations(document).map((it) => [`${it.method} ${it.path}`, it]));
  return (method, pathname) => {
    const found = routes.filter(({ pattern }) => pattern.test(pathname));
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = found
      .map(({ path }) => operations.get(`${asked} ${path}`))
      .find((it) => it !== undefined);
    return { isKnownPath: found.length > 0, operation };
  };
}

function toPattern(path: string): RegExp {
  const parts = path.split(/\{[^}]+\}/).map((part) => part.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}$`);
}
