import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { explain } from '@yosugara/kernel';
import { type LabArgs, parseArgs } from './args.js';
import { run } from './host/shell.js';
import { ANSIBLE, ansibleOnce } from './install/ansible.js';
import { INSTALL, installOnce } from './install/install.js';
import { POSTGRES, postgresOnce } from './install/postgres.js';
import { POSTGRES_BACK, postgresBackOnce } from './install/postgres-back.js';
import { Lab } from './lab.js';
import { removeLeftovers } from './leftovers.js';
import { expectations, jsonDocument, markdown, README_MARKS, table } from './report.js';
import { SCENARIOS } from './scenarios/index.js';
import { expectationOf } from './scenarios/types.js';

/** `npm run lab`: faults on real processes on hosts made of namespaces. Exit 0: every run was ok. 1: not. 2: could not run. */
async function main(): Promise<number> {
  const [scenario = '', ...more] = process.argv.slice(2);
  if ([INSTALL, ANSIBLE, POSTGRES, POSTGRES_BACK].includes(scenario)) return install(scenario, more);
  const args = parseArgs(process.argv.slice(2));
  if (args.list && args.markdown !== null) return intoReadme(args.markdown);
  if (args.list) return list(args);
  if (process.getuid?.() !== 0) throw new Error('the lab makes network namespaces and mounts disks: run it as root');
  await demandTools();
  await removeLeftovers();
  const say = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
  const lab = new Lab(args, say);
  endOnSignal(lab);
  try {
    const reports = await lab.run();
    if (args.markdown !== null) await writeFile(args.markdown, markdown(reports));
    process.stdout.write(`${args.json ? jsonDocument(reports) : table(reports)}\n`);
    return reports.every((report) => report.runs.length > 0 && report.runs.every((one) => one.ok)) ? 0 : 1;
  } finally {
    await lab.close();
  }
}

/** Hosts of another kind than those of the other scenarios: each with a Debian and a systemd of its own. */
async function install(scenario: string, args: readonly string[]): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('the lab boots hosts: run it as root');
  const packages = args.includes('--packages') ? resolve(args[args.indexOf('--packages') + 1] ?? '') : null;
  const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
  const once = { [ANSIBLE]: ansibleOnce, [POSTGRES]: postgresOnce, [POSTGRES_BACK]: postgresBackOnce }[scenario] ?? installed;
  const run = await once(say, packages);
  const json = args.includes('--json');
  process.stdout.write(
    json
      ? `${JSON.stringify({ scenario, runs: [run] }, null, 2)}\n`
      : `${scenario}: ${run.ok ? 'ok' : run.why}\n${JSON.stringify(run)}\n`,
  );
  return run.ok ? 0 : 1;
}

async function installed(say: (line: string) => void, packages: string | null) {
  const { verdict, ...rest } = await installOnce(say, packages);
  return { failoverMs: rest.gapsMs['hostLost'] ?? null, recoverMs: rest.ms['recoverAfterPowerOff'] ?? null, ...verdict, ...rest };
}

function list(args: LabArgs): number {
  const rows = SCENARIOS.map((scenario) => ({
    name: scenario.name,
    pattern: scenario.pattern,
    on: scenario.on,
    expect: [
      ...new Set((scenario.variants.length === 0 ? [''] : scenario.variants).map((variant) => expectationOf(scenario, variant))),
    ].join(' / '),
    why: scenario.why,
    variants: scenario.variants.filter((variant) => variant !== ''),
    recoverMethods: scenario.methods,
    comeback: scenario.comeback,
    needs: scenario.needs,
  }));
  if (args.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else
    for (const row of rows)
      process.stdout.write(`${row.name.padEnd(34)} ${row.pattern.padEnd(48)} ${row.expect.padEnd(26)} ${row.why}\n`);
  return 0;
}

/** `--list --markdown README.md`: the table between the marks is made anew. */
async function intoReadme(file: string): Promise<number> {
  const text = await readFile(file, 'utf8');
  const [from, to] = [text.indexOf(README_MARKS[0]), text.indexOf(README_MARKS[1])];
  if (from < 0 || to < from) throw new Error(`${file} has no lines ${README_MARKS.join(' and ')}`);
  await writeFile(file, `${text.slice(0, from)}${expectations(SCENARIOS)}${text.slice(to + README_MARKS[1].length)}`);
  return 0;
}

/** @throws Error one line: what is missing, and the package that brings it. */
async function demandTools(): Promise<void> {
  const tools = {
    ip: 'iproute2',
    nsenter: 'util-linux',
    unshare: 'util-linux',
    setpriv: 'util-linux',
    losetup: 'mount',
    'mkfs.ext4': 'e2fsprogs',
    perl: 'perl-base',
    nft: 'nftables',
    fsfreeze: 'util-linux',
    arping: 'iputils-arping',
  };
  const missing: string[] = [];
  for (const [tool, from] of Object.entries(tools))
    await run('sh', ['-c', 'command -v "$1"', 'sh', tool]).catch(() => missing.push(`${tool} (package ${from})`));
  if (missing.length > 0) throw new Error(`the lab needs ${missing.join(', ')}`);
}

function endOnSignal(lab: Lab): void {
  let ending = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      lab.close().finally(() => process.exit(130));
    });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`lab: ${explain(error)}\n`);
    process.exit(2);
  },
);
