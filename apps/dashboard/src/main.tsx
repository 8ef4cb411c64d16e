import '@mantine/core/styles/baseline.css';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/global.css';
import '@mantine/core/styles/ScrollArea.css';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Modal.css';
import './theme/tokens.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Failure } from './data/http.ts';
import { sessionQuery } from './data/session.ts';
import { createAppRouter } from './router.tsx';
import { resolveVariables, theme } from './theme/theme.ts';

/** Whatever is refused because nobody is signed in any more leads to the form, and from there back. */
function onError(error: Error): void {
  if (!(error instanceof Failure) || error.status !== 401) return;
  if (queries.getQueryData(sessionQuery.queryKey) !== null)
    void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
}

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      // What the api refused it refuses again; what it did not answer it may answer next time.
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof Failure) || error.status === 0 || error.status >= 500),
      retryDelay: (failures) => Math.min(1000 * 2 ** failures, 8000),
      staleTime: 1000,
      networkMode: 'always',
      // Without the wait for the network this has to be said.
      refetchOnReconnect: true,
    },
    // What a browser holds because it thinks that it is offline it would do later, when nobody expects it any more.
    mutations: { networkMode: 'always' },
  },
});
const router = createAppRouter(queries);
const colorSchemeManager = localStorageColorSchemeManager({ key: 'sluice-color-scheme' });

const root = document.querySelector('#root');
if (root === null) throw new Error('The page has no #root.');
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      colorSchemeManager={colorSchemeManager}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
