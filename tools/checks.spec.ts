import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const load = (name: string) => import(join(root, 'tools', name));

interface Cruise {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[];
  };
}

/** Imports that the layer table forbids, each with the rule that must refuse it. */
const FORBIDDEN = [
  ['0-kernel', 'libs/kernel/src/planted.ts', "import '@yosugara/protocol';"],
  ['0-kernel', 'libs/kernel/src/planted-node.ts', "import 'node:os';"],
  ['1-protocol', 'libs/protocol/src/planted.ts', "import 'node:fs';"],
  ['2-consensus', 'libs/consensus/src/planted.ts', "import '@yosugara/failover';"],
  ['2-failover', 'libs/failover/src/planted.ts', "import 'node:crypto';"],
  ['2-operations', 'libs/operations/src/planted.ts', "import 'zod';"],
  ['3-runtime', 'libs/runtime/src/planted.ts', "import '@yosugara/journal';"],
  ['3-runtime', 'libs/runtime/src/planted-node.ts', "import 'node:fs';"],
  ['4-journal', 'libs/journal/src/planted.ts', "import '@yosugara/store';"],
  ['4-store', 'libs/store/src/planted.ts', "import type {} from '@yosugara/transport';"],
  ['5-console', 'apps/console/src/planted.ts', "import '@yosugara/runtime';"],
  ['5-apps-apart', 'apps/cli/src/planted.ts', "import '../../receiver/src/index.js';"],
  ['5-nestjs-in-manager-only', 'apps/controller/src/planted.ts', "import '@nestjs/common';"],
  ['testkit-for-tests-only', 'apps/receiver/src/planted.ts', "import '@yosugara/testkit';"],
  ['cores-apart-in-tests-too', 'libs/consensus/src/planted.spec.ts', "import '@yosugara/operations';"],
  ['not-found', 'libs/kernel/src/planted-lost.ts', "import './nowhere.js';"],
] as const;
/** Imports that must stay allowed. */
const FINE = [
  ['libs/consensus/src/fine.ts', "import '@yosugara/kernel';"],
  ['libs/store/src/fine.spec.ts', "import '@yosugara/testkit'; import 'node:fs';"],
  ['libs/journal/src/fine.ts', "import '@yosugara/runtime'; import 'node:fs';"],
  ['apps/manager/src/fine.ts', "import '@nestjs/common'; import '@yosugara/store';"],
] as const;

describe('the layer rule', () => {
  let copy = '';
  let violations: Cruise['summary']['violations'] = [];
  beforeAll(async () => {
    copy = mkdtempSync(join(tmpdir(), 'yosugara-layers-'));
    copyProjects(copy);
    for (const [file, line] of [...FORBIDDEN.map(([, ...rest]) => rest), ...FINE])
      writeFileSync(join(copy, file), `${line}\nexport {};\n`);
    violations = await cruise(copy);
  }, 300_000);
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it.each(FORBIDDEN)('%s refuses %s: %s', (rule, file) => {
    expect(violations.filter((one) => one.from === file).map((one) => one.rule.name)).toContain(rule);
  });
  it('allows what the table allows', () => {
    expect(violations.filter((one) => FINE.some(([file]) => file === one.from))).toEqual([]);
  });
});

/** The projects with nothing in them but their manifests: the rules are about names, not about today's sources. */
function copyProjects(to: string): void {
  mkdirSync(join(to, 'node_modules', '@yosugara'), { recursive: true });
  for (const group of ['apps', 'libs'])
    for (const name of readdirSync(join(root, group))) {
      mkdirSync(join(to, group, name, 'src'), { recursive: true });
      cpSync(join(root, group, name, 'package.json'), join(to, group, name, 'package.json'));
      writeFileSync(join(to, group, name, 'src', 'index.ts'), 'export {};\n');
      if (group === 'libs') symlinkSync(join(to, group, name), join(to, 'node_modules', '@yosugara', name));
    }
  for (const name of ['zod', '@nestjs']) symlinkSync(join(root, 'node_modules', name), join(to, 'node_modules', name));
  for (const file of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.base.json']) cpSync(join(root, file), join(to, file));
}

function cruise(cwd: string): Promise<Cruise['summary']['violations']> {
  const program = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const args = [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'libs'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 64 << 20, timeout: 300_000 }, (error, stdout, stderr) => {
      try {
        resolve((JSON.parse(stdout) as Cruise).summary.violations);
      } catch {
        reject(new Error(`dependency-cruiser gave no document: ${stderr}`, { cause: error }));
      }
    });
  });
}

describe('the purity check', () => {
  const found = async (text: string) => {
    const { impurities } = (await load('purity-check.mjs')) as {
      impurities: (name: string, text: string) => { line: number; found: string }[];
    };
    return impurities('core.ts', text).map(({ line, found }) => `${line} ${found}`);
  };

  it.each([
    ['Date.now()', '1 Date.now'],
    ['new Date()', '1 new Date() reads the clock'],
    ['Math.random()', '1 Math.random'],
    ['performance.now()', '1 performance'],
    ['setTimeout(f, 1)', '1 setTimeout'],
    ['globalThis["Date"]', '1 globalThis'],
    ['process.hrtime()', '1 process'],
    ['const g = async () => 1;', '1 async'],
    ['export const p: Promise<number> = q;', '1 Promise'],
    ["import 'node:fs';", '1 node:fs'],
    ["const m = import('./x.js');", '1 import()'],
    ['const { now } = performance;', '1 performance'],
  ])('refuses %s', async (text, expected) => expect(await found(text)).toContain(expected));

  it.each([
    'new Date(atMs)',
    'Date.UTC(2026, 1)',
    'interface A { readonly process: string; performance(): void }',
    'x.process',
    'Math.max(1, 2)',
    '// Date.now()',
    '"setTimeout"',
  ])('leaves %s alone', async (text) => expect(await found(text)).toEqual([]));

  it('finds a planted clock in a core, and only there', async () => {
    const { checkCores } = (await load('purity-check.mjs')) as { checkCores: (root: string) => string[] };
    const copy = mkdtempSync(join(tmpdir(), 'yosugara-purity-'));
    try {
      for (const core of ['consensus', 'failover', 'operations'])
        cpSync(join(root, 'libs', core, 'src'), join(copy, 'libs', core, 'src'), { recursive: true });
      writeFileSync(join(copy, 'libs', 'failover', 'src', 'planted.ts'), 'export const at = Date.now();\n');
      writeFileSync(join(copy, 'libs', 'failover', 'src', 'planted.spec.ts'), 'export const at = Date.now();\n');
      expect(checkCores(copy)).toEqual(['libs/failover/src/planted.ts:1: Date.now in a pure core']);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});

describe('the licence check', () => {
  it('knows which expressions are fine', async () => {
    const { isAllowed } = (await load('licence-check.mjs')) as { isAllowed: (expression: string) => boolean };
    expect(['MIT', '(MIT OR GPL-3.0)', 'MIT AND Apache-2.0'].every(isAllowed)).toBe(true);
    expect(['GPL-3.0', 'MIT AND GPL-3.0', 'no licence named'].some(isAllowed)).toBe(false);
  });
});

describe('the counts of a test run', () => {
  const suites = () =>
    load('lib/counts.mjs') as Promise<{
      countVitest: (code: number, report: unknown) => unknown;
      countProgram: (code: number, stdout: string) => unknown;
    }>;
  const file = (status: string, ...tests: string[]) => ({ status, assertionResults: tests.map((one) => ({ status: one })) });

  it('count a file that cannot be loaded, and an error outside every test, as failed', async () => {
    const { countVitest } = await suites();
    expect(
      countVitest(1, { numPassedTests: 3, numFailedTests: 0, testResults: [file('failed'), file('passed', 'passed')] }),
    ).toEqual({ passed: 3, failed: 1 });
    expect(countVitest(1, { numPassedTests: 3, numFailedTests: 0, testResults: [file('passed', 'passed')] })).toEqual({
      passed: 3,
      failed: 1,
    });
    expect(countVitest(1, { numPassedTests: 3, numFailedTests: 2, testResults: [file('failed', 'failed', 'failed')] })).toEqual({
      passed: 3,
      failed: 2,
    });
    expect(countVitest(0, { numPassedTests: 3, numFailedTests: 0, testResults: [] })).toEqual({ passed: 3, failed: 0 });
    expect(countVitest(137, null)).toEqual({ passed: 0, failed: 1 });
  });

  it.each([
    ['a count of its own', 0, 'noise\n4 passed, 0 failed\n', { passed: 4, failed: 0 }],
    ['a program that fails although it counts none', 1, '4 passed, 0 failed\n', { passed: 4, failed: 1 }],
    ['runs of the lab', 1, JSON.stringify([{ scenario: 'x', runs: [{ ok: true }, { ok: false }] }]), { passed: 1, failed: 1 }],
    [
      'schedules and planted bugs',
      0,
      JSON.stringify({ seeds: 300, violations: [], mutants: [{ name: 'm', foundAfterSeeds: 2 }] }),
      { passed: 2, failed: 0 },
    ],
    ['checks of the pages', 1, JSON.stringify({ checks: [{ holds: true }, { holds: false }] }), { passed: 1, failed: 1 }],
    ['a violation', 1, JSON.stringify({ seeds: 300, violations: [{ seed: 1 }] }), { passed: 0, failed: 1 }],
    ['nothing but an exit code', 3, 'oops', { passed: 0, failed: 1 }],
  ])('come from %s', async (_, code, stdout, expected) => expect((await suites()).countProgram(code, stdout)).toEqual(expected));
});
