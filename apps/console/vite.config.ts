import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import { docsPages } from './docs-pages.js';

/** Beside each file lies the same one compressed: the manager sends it to whoever takes it, and computes nothing. */
const compressed: Plugin = {
  name: 'yosugara:compressed',
  apply: 'build',
  // What is on the disk: others write into the bundle until the last moment.
  writeBundle({ dir }, bundle) {
    for (const fileName of Object.keys(bundle)) {
      if (dir === undefined || !/\.(js|css|html)$/.test(fileName)) continue;
      const path = join(dir, fileName);
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
    }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), docsPages, compressed],
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
