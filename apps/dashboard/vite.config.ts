import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** The api that a development server passes requests on to. */
const API_URL = process.env['SLUICE_URL'] ?? 'http://127.0.0.1:3001';

const PASSED_ON = ['/api', '/stream', '/hooks', '/vital-data', '/admin', '/docs', '/openapi.json'];

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

export default defineConfig(({ command }) => {
  // A test that asks for a build has another NODE_ENV, by which React would be that for development: twice as large.
  if (command === 'build') process.env['NODE_ENV'] = 'production';
  // Vite hands on to the page what begins with VITE_, and nothing else.
  process.env['VITE_VERSION'] = version;
  return {
    plugins: [react(), compressed()],
    build: {
      outDir: 'dist',
      // Tells which file needs which, for the budgets.
      manifest: true,
      target: 'es2023',
      // Fonts stay files: a page that inlines them pays for them on every visit.
      assetsInlineLimit: 0,
      rollupOptions: {
        output: {
          // The libraries of every page in one file that a new version of the dashboard leaves as it is.
          codeSplitting: {
            groups: [{ name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ }],
          },
        },
      },
    },
    server: { proxy: Object.fromEntries(PASSED_ON.map((path) => [path, { target: API_URL }])) },
  };
});

/** Writes each text file of the build a second time, compressed: the api sends that one to whoever takes it. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    async writeBundle({ dir = '' }, files) {
      for (const file of Object.values(files)) {
        if (!/\.(js|css|html)$/.test(file.fileName)) continue;
        const content = file.type === 'chunk' ? file.code : file.source;
        await writeFile(join(dir, `${file.fileName}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}
