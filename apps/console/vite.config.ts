import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // Sources of kernel and protocol are taken as they are: the console builds without building the libraries first.
  resolve: { conditions: ['@yosugara/source', ...defaultClientConditions] },
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Nothing inline: the manager's content security policy allows only files of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8099' } },
});
