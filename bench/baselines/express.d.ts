/** The part of Express that the baseline uses; the package brings no types. */
declare module 'express' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http';

  type Request = IncomingMessage & { readonly body: unknown };
  type Response = ServerResponse & { status(code: number): Response; json(body: unknown): Response };
  type Route = (request: Request, response: Response) => Promise<void>;
  type App = {
    use(middleware: unknown): App;
    post(path: string, route: Route): App;
    listen(port: number, host: string, done: () => void): Server;
  };
  function express(): App;
  namespace express {
    function json(): unknown;
  }
  export default express;
}
