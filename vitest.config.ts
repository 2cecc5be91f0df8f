import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/lib/longest-first.mjs';

/**
 * Nothing but computing: no sockets, no servers, no processes. One process takes file after file, and loads what they share once; a file
 * that leaves something behind for the next one is a bug of its own.
 */
const PURE = [
  'libs/{kernel,protocol,consensus,failover,operations,runtime}/src/**/*.spec.ts',
  'apps/console/src/**/*.spec.{ts,tsx}',
];

/** Whole clusters of real processes, two at a time: they wait for each other more than they compute. */
const CLUSTERS = [
  'apps/manager/src/settings/many-nodes.spec.ts',
  'apps/cli/src/{recover,restore,fencing,leaving,dr,grafana}.spec.ts',
];
/**
 * The dead man's deadlines: one file at a time and with the cores to themselves. Beside a dozen of PostgreSQL servers they would tell
 * how busy the machine was.
 */
const DEADLINES = ['libs/host-control/src/{deadman,os,vip,watch}/*.spec.ts'];
const LONG_MS = 600_000;
const SPECS = ['{apps,libs,test}/*/src/**/*.spec.{ts,tsx}', 'tools/**/*.spec.ts'];

export default defineConfig({
  resolve: { conditions: ['@yosugara/source'] },
  ssr: { resolve: { conditions: ['@yosugara/source'] } },
  test: {
    // A guard against what hangs, never a measure: a machine that four others share is slow, and not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // Made when the first spec asks for a PostgreSQL, and taken away at the end.
    globalSetup: ['tools/lib/shared-template.mjs'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'pure', include: PURE, isolate: false, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'specs',
          include: SPECS,
          exclude: [...PURE, ...CLUSTERS, ...DEADLINES, '**/node_modules/**', '**/dist/**'],
          // They wait more than they compute.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'clusters',
          include: CLUSTERS,
          ...{ maxWorkers: 2, testTimeout: LONG_MS, hookTimeout: LONG_MS },
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'deadlines',
          include: DEADLINES,
          ...{ maxWorkers: 1, testTimeout: LONG_MS, hookTimeout: LONG_MS },
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
