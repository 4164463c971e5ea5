import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { fileLicences } from './build/file-licences-plugin.ts';
import { pageHead } from './build/page-head-plugin.ts';
import { precompress } from './build/precompress-plugin.ts';
import { themeVariables } from './build/theme-variables-plugin.ts';

/** The server a development page talks to; `npm start` prints its address. */
const api = process.env.MOULIN_URL ?? 'http://127.0.0.1:4610';

/** Named by NOTICE: the licences of what is built in travel with the copies that browsers get. */
const LICENCES = { fileName: 'licences.md' };

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), themeVariables(), pageHead(), precompress(), fileLicences(LICENCES)],
  build: {
    target: 'es2023',
    // Nothing becomes a data: address, so the content security policy needs none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Read by build/size.test.ts.
    // Read by build/size.test.ts.
    manifest: true,
    license: LICENCES,
    rolldownOptions: {
      output: {
        // Few files, each changing with something else: the libraries and the shell that every page needs, then what several
        // pages share (tables, forms). What one page needs (an editor, charts) stays with it.
        codeSplitting: {
          groups: [
            { name: 'libraries', test: /node_modules/, tags: ['$initial'] },
            { name: 'shell', tags: ['$initial'] },
            { name: 'parts', test: /node_modules|src[\\/]parts/, minShareCount: 3 },
          ],
        },
      },
    },
  },
  // The server refuses what another site's page sends; this one speaks in its name.
  server: { port: 4620, proxy: { '/api': { target: api, changeOrigin: true, headers: { origin: api } } } },
});
