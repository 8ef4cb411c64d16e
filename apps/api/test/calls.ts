import { type ApiOptions, startApi } from './fixtures.ts';

/** Creates the api as `startApi` does, with what calls it. */
export async function startCalls(options: ApiOptions) {
  const api = await startApi(options);
  return {
    ...api,
    async call(
      method: 'GET' | 'POST' | 'PUT' | 'DELETE',
      url: string,
      payload?: object,
      headers: Readonly<Record<string, string>> = {},
    ) {
      const response = await api.server.inject({
        ...{ method, url, headers },
        ...(payload === undefined ? {} : { payload }),
      });
      return {
        status: response.statusCode,
        headers: response.headers,
        body: response.json(),
        text: response.body,
      };
    },
  };
}
