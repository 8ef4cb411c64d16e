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
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Failure } from './data/http.ts';
import { createAppRouter } from './router.tsx';
import { resolveVariables, theme } from './theme/theme.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the api refused it refuses again; what it did not answer it may answer next time.
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof Failure) || error.status === 0 || error.status >= 500),
      retryDelay: (failures) => Math.min(1000 * 2 ** failures, 8000),
      staleTime: 1000,
    },
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
