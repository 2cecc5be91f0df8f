// The checks that are no tests: types, format and lint, layers, purity, licences. Each counts as one.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from './bring.mjs';
import { node, tool } from './build.mjs';
import { say, seconds } from './say.mjs';

async function check(name, args) {
  const startMs = performance.now();
  const { code, stdout } = await node(args, { quiet: true });
  const ok = code === 0;
  if (!ok) process.stderr.write(`${stdout.trimEnd()}\n`);
  say(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds(startMs)})`);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

/** As many at once as there are processors: most of them keep one busy. What takes longest comes first. */
async function all(checks) {
  const counts = [];
  const waiting = [...checks];
  const take = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) counts.push(await check(...next));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, take));
  return counts;
}

function types() {
  const tsc = tool('typescript-native', 'bin', 'tsc');
  const checks = [
    ['types', [tsc, '-b']],
    ['types of the specs', [tsc, '-p', 'tsconfig.specs.json']],
  ];
  if (existsSync(join(root, 'apps', 'console', 'tsconfig.json')))
    checks.push(['types of the console', [tsc, '-p', 'apps/console', '--noEmit']]);
  return checks;
}

function lints() {
  return [
    ['format and lint (biome)', [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--diagnostic-level=error']],
    [
      'layers (dependency-cruiser)',
      [
        tool('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
        '--config',
        '.dependency-cruiser.cjs',
        'apps',
        'libs',
        'test',
      ],
    ],
    ['purity of the cores', ['tools/purity-check.mjs']],
    ['licences', ['tools/licence-check.mjs']],
  ];
}

export const lintChecks = () => all(lints());
export const typeAndLintChecks = () => all([...types(), ...lints()]);
