import { defineConfig } from 'vitest/config';

/**
 * Whole clusters of real processes, and the dead man's deadlines: one at a time and with the cores to themselves. Beside a dozen
 * of PostgreSQL servers they would tell how busy the machine was.
 */
const STORIES = [
  'apps/manager/src/settings/many-nodes.spec.ts',
  'apps/cli/src/{recover,fencing,leaving,dr,grafana}.spec.ts',
  'libs/host-control/src/{deadman,os,vip,watch}/*.spec.ts',
];
const SPECS = ['{apps,libs,test}/*/src/**/*.spec.{ts,tsx}', 'tools/**/*.spec.ts'];

export default defineConfig({
  resolve: { conditions: ['@yosugara/source'] },
  ssr: { resolve: { conditions: ['@yosugara/source'] } },
  test: {
    // A guard against what hangs, never a measure: a machine that four others share is slow, and not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'specs',
          include: SPECS,
          exclude: [...STORIES, '**/node_modules/**', '**/dist/**'],
          // They wait more than they compute.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'stories',
          include: STORIES,
          ...{ maxWorkers: 1, testTimeout: 600_000, hookTimeout: 600_000 },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
