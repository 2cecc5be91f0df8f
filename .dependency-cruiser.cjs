// The layer table of docs/architecture.md, as rules. Tests (`*.spec.ts`, `testing/` folders, test/*) may reach further: they are checked by
// the last rules only.
const TESTS = '(\\.spec\\.tsx?$|/src/testing/|/src/[^/]+/testing/)';
const CORES = ['consensus', 'failover', 'operations'];
const ADAPTERS = ['journal', 'store', 'transport', 'receivers', 'connectors', 'host-control'];
const ADAPTER = `^libs/(${ADAPTERS.join('|')})/`;
const lib = (...names) => `^libs/(${names.join('|')})/`;

/** `name` may import only what matches `allowed`; outside packages and node's own modules only those that match, too. */
const only = (name, comment, from, ...allowed) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: TESTS },
  to: { pathNot: allowed },
});

/** Outside packages by name, as they appear in node_modules. */
const npm = (...names) => names.map((name) => `(^|/)node_modules/${name}/`);
const WORKSPACE = '^(apps|libs|test)/';
const NODE_MODULES = '(^|/)node_modules/';
const NODE = { dependencyTypes: ['core'] };

module.exports = {
  forbidden: [
    { name: 'not-found', severity: 'error', comment: 'An import must lead somewhere.', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle has no inner layer.',
      from: { path: '^(apps/(?!console/)|libs/)', pathNot: TESTS },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },

    only('0-kernel', 'kernel imports nothing', lib('kernel'), lib('kernel')),
    only('1-protocol', 'protocol imports the kernel and zod', lib('protocol'), lib('kernel', 'protocol'), ...npm('zod')),
    ...CORES.map((core) =>
      only(
        `2-${core}`,
        'a core imports layers 0–1: no other core, no package, no node:*',
        lib(core),
        lib('kernel', 'protocol', core),
      ),
    ),
    only(
      '3-runtime',
      'runtime imports layers 0–2, no package, and of node only what computes: the outside comes through ports',
      lib('runtime'),
      lib('kernel', 'protocol', ...CORES, 'runtime'),
      '^(node:)?(crypto|util|buffer)$',
    ),
    ...ADAPTERS.map((adapter) => ({
      name: `4-${adapter}`,
      severity: 'error',
      comment: 'an adapter imports layers 0–3 and its own driver, never another adapter, the testkit or an app',
      from: { path: lib(adapter), pathNot: TESTS },
      to: { path: WORKSPACE, pathNot: lib('kernel', 'protocol', ...CORES, 'runtime', adapter) },
    })),
    only(
      '5-console',
      'the console sees the kernel, the protocol and packages of the browser',
      '^apps/console/src/',
      '^apps/console/src/',
      lib('kernel', 'protocol'),
      NODE_MODULES,
    ),
    { name: '5-console-no-node', severity: 'error', from: { path: '^apps/console/src/', pathNot: TESTS }, to: NODE },
    {
      name: '5-apps-apart',
      severity: 'error',
      comment: 'an app is a program: nobody imports it but itself and the tests',
      from: { path: '^(apps/([^/]+)/|libs/)', pathNot: TESTS },
      to: { path: '^apps/', pathNot: '^apps/$2/' },
    },
    {
      name: '5-nestjs-in-manager-only',
      severity: 'error',
      from: { path: WORKSPACE, pathNot: '^apps/manager/' },
      to: { path: [...npm('@nestjs/[^/]+', 'nestjs-pino')] },
    },
    {
      name: 'testkit-for-tests-only',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [TESTS, lib('testkit')] },
      to: { path: '^(libs/testkit|test)/' },
    },
    {
      name: 'cores-apart-in-tests-too',
      severity: 'error',
      comment: 'even a test of a core does not need another core',
      from: { path: '^libs/(consensus|failover|operations)/', pathNot: '/src/testing/' },
      to: { path: lib(...CORES), pathNot: '^libs/$1/' },
    },
    {
      name: 'adapters-apart-in-tests-too',
      severity: 'error',
      from: { path: '^libs/(journal|store|transport|receivers|connectors|host-control)/' },
      to: { path: ADAPTER, pathNot: '^libs/$1/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|\\.d\\.ts$)' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@yosugara/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};
