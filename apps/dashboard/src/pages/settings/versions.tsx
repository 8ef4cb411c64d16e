import { useQuery } from '@tanstack/react-query';
import { Failure, read } from '../../data/http.ts';
import { Facts } from '../../ui/page.tsx';
import { Failed, Loading } from '../../ui/states.tsx';

/** What is read of the description of the api. */
type Description = { readonly openapi: string; readonly info: { readonly version: string } };

/** Says of which version the dashboard and its api are; after an update of the one the other may be older. */
export function Versions() {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['api-version'],
    queryFn: async ({ signal }) => {
      const { openapi, info } = await read<Description>('/openapi.json', {}, signal);
      return { openapi, version: info.version };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (isPending) return <Loading rows={2} />;
  if (data === undefined) {
    const failure = error instanceof Failure ? error : new Failure(String(error), { status: 0 });
    return (
      <Failed
        what="The version of the api could not be read"
        failure={failure}
        onRetry={() => void refetch()}
      />
    );
  }
  return (
    <Facts
      facts={[
        ['Dashboard', import.meta.env['VITE_VERSION'] ?? 'unknown'],
        ['Api', data.version],
        ['Its description', `OpenAPI ${data.openapi}`],
      ]}
    />
  );
}
