import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { firstPaint } from './build/first-paint-plugin.ts';
import { precompress } from './build/precompress-plugin.ts';
import { themeVariables } from './build/theme-variables-plugin.ts';

/** The server a development page talks to; `npm start` prints its address. */
const api = process.env.MOULIN_URL ?? 'http://127.0.0.1:4610';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), themeVariables(), firstPaint(), precompress()],
  build: {
    target: 'es2023',
    // Nothing becomes a data: address, so the content security policy needs none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 4620, proxy: { '/api': { target: api, changeOrigin: true } } },
});
