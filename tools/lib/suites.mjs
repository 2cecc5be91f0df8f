// The test suites, and their counts: the last line of every test run is `N passed, N failed`, and the exit code is true to it.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringTestTools, isRoot, root } from './bring.mjs';
import { node, tool } from './build.mjs';
import { interruptedBy } from './children.mjs';
import { countProgram, countVitest } from './counts.mjs';
import { say, seconds } from './say.mjs';

export async function vitest(args = []) {
  // What is missing is said, and the specs that need it say that they were skipped.
  const why = await bringTestTools('specs');
  if (why !== undefined) say(`specs: some are skipped (${why})`);
  // Whoever comes here has just built: specs that start programs build nothing under each other.
  process.env.YOSUGARA_BUILT = '1';
  const folder = mkdtempSync(join(tmpdir(), 'yosugara-test-'));
  const report = join(folder, 'report.json');
  try {
    const { code } = await node([
      tool('vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ]);
    return countVitest(code, existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Suites that are programs of their own, as `npm test` runs them: short. */
const PROGRAMS = [
  { name: 'sim', args: ['--seeds', '300', '--json'], needsRoot: false },
  { name: 'e2e', args: ['--json'], needsRoot: false },
  { name: 'lab', args: ['1-power-off-master', '--runs', '1', '--json'], needsRoot: true },
];

export const mainOf = (suite) => join(root, 'test', suite, 'dist', 'main.js');

async function program({ name, args, needsRoot }) {
  if (!existsSync(mainOf(name))) return null;
  if (needsRoot && !isRoot) return skip(name, 'needs root');
  const why = await bringTestTools(name);
  if (why !== undefined) return skip(name, why);
  const startMs = performance.now();
  say(`${name}: ${args.join(' ')}`);
  const { code, stdout } = await node([mainOf(name), ...args], { capture: true });
  const counted = countProgram(code, stdout);
  if (counted.failed > 0) process.stdout.write(`${stdout.trimEnd()}\n`);
  say(`${name}: ${counted.passed} passed, ${counted.failed} failed in ${seconds(startMs)}`);
  return counted;
}

function skip(name, why) {
  say(`${name}: not run here (${why})`);
  return null;
}

/** @param before counts of earlier checks to add. */
export async function runTests(args = [], before = []) {
  const counts = [...before, await vitest(args)];
  // With arguments (`npm test -- libs/kernel`) somebody is looking at one place: only the specs run.
  for (const one of args.length === 0 ? PROGRAMS : []) {
    if (interruptedBy() !== null) break;
    const counted = await program(one);
    if (counted !== null) counts.push(counted);
  }
  return finish(counts);
}

/** The last line of a run, and the exit code that is true to it. */
export function finish(counts) {
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
  return sum('failed') === 0 && interruptedBy() === null ? 0 : 1;
}
