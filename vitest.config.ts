import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@yosugara/source'] },
  ssr: { resolve: { conditions: ['@yosugara/source'] } },
  test: {
    include: ['{apps,libs,test}/*/src/**/*.spec.{ts,tsx}', 'tools/**/*.spec.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
