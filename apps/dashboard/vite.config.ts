import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The api that a development server passes requests on to. */
const API_URL = process.env['SLUICE_URL'] ?? 'http://127.0.0.1:3001';

const PASSED_ON = ['/api', '/stream', '/hooks', '/vital-data', '/admin', '/docs', '/openapi.json'];

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    target: 'es2023',
    // Fonts stay files: a page that inlines them pays for them on every visit.
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        // The libraries of every page in one file that a new version of the dashboard leaves as it is.
        advancedChunks: {
          groups: [{ name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ }],
        },
      },
    },
  },
  server: { proxy: Object.fromEntries(PASSED_ON.map((path) => [path, { target: API_URL }])) },
});
