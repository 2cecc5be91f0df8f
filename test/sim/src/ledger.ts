import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** What a count is about: another file here, and it begins anew. Documents, specs and other programs do not matter. */
export const COUNTED = [
  'libs/kernel/src',
  'libs/consensus/src',
  'libs/failover/src',
  'libs/runtime/src/controller',
  'libs/runtime/src/recover',
  'test/sim/src',
];
/** Of the simulator: what starts schedules, shows them or plants bugs, and the simulations of ingest and of jobs. No schedule runs through it. */
const AROUND =
  /^test\/sim\/src\/((mutant.*|mutate|hunt|main|ingest-main|program|print|ledger|schedules|pool|worker|replay|index)\.ts$|(ingest|jobs|planted)\/)/;
export const DEFAULT_LEDGER = join(ROOT, 'test/sim/ledger.jsonl');

/** One uninterrupted stretch of seeds. */
export interface Stretch {
  readonly key: string;
  readonly commit: string;
  readonly from: number;
  /** The first seed that was not run. */
  readonly to: number;
  readonly violations: number;
  readonly seconds: number;
  /** Processor time of the workers. */
  readonly cpuSeconds: number;
}

const isCounted = (path: string): boolean =>
  path.endsWith('.ts') && !/(\.spec|\/testing)\.ts$|\/testing\//.test(path) && !AROUND.test(path);

function filesOf(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((file) => file.isFile())
    .map((file) => relative(root, join(file.parentPath, file.name)))
    .filter(isCounted)
    .sort();
}

/** A hash over every production file that a schedule runs through, and over the simulator. */
export function sourcesKey(root = ROOT): string {
  const hash = createHash('sha256');
  for (const folder of COUNTED)
    for (const file of filesOf(root, folder))
      hash
        .update(file)
        .update('\0')
        .update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

export function commitNow(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

export function readLedger(file: string): readonly Stretch[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  // A line that a kill cut short counts for nothing.
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Stretch];
    } catch {
      return [];
    }
  });
}

export function note(file: string, stretch: Stretch): void {
  mkdirSync(dirname(file), { recursive: true });
  // Begins with an end of line: what a kill cut short before it spoils nothing but itself.
  appendFileSync(file, `\n${JSON.stringify(stretch)}\n`);
}

/** Where to go on: behind the highest seed that was run for these sources. */
export function nextSeed(stretches: readonly Stretch[], key: string): number {
  return Math.max(1, ...stretches.filter((stretch) => stretch.key === key).map(({ to }) => to));
}

export interface Count {
  /** Seeds run at least once: one that was run twice counts once. */
  readonly schedules: number;
  readonly violations: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface Total extends Count {
  readonly key: string;
  /** In the order of their seeds; the schedules of all of them add up to those of the whole. */
  readonly commits: readonly (Count & { readonly commit: string })[];
}

const NONE: Count = { schedules: 0, violations: 0, seconds: 0, cpuSeconds: 0 };

export function totalOf(stretches: readonly Stretch[], key: string): Total {
  const mine = stretches.filter((stretch) => stretch.key === key).sort((one, two) => one.from - two.from);
  const commits = new Map<string, Count>();
  let whole = NONE;
  let reached = 0;
  for (const stretch of mine) {
    const schedules = Math.max(0, stretch.to - Math.max(stretch.from, reached));
    reached = Math.max(reached, stretch.to);
    whole = plus(whole, stretch, schedules);
    commits.set(stretch.commit, plus(commits.get(stretch.commit) ?? NONE, stretch, schedules));
  }
  return { key, ...whole, commits: [...commits].map(([commit, count]) => ({ commit, ...count })) };
}

const plus = (count: Count, { violations, seconds, cpuSeconds }: Stretch, schedules: number): Count => ({
  schedules: count.schedules + schedules,
  violations: count.violations + violations,
  seconds: tenths(count.seconds + seconds),
  cpuSeconds: tenths(count.cpuSeconds + (cpuSeconds ?? 0)),
});

const tenths = (seconds: number): number => Math.round(seconds * 10) / 10;

/** Of all sources that were ever counted, these ones last. */
export function totalsOf(stretches: readonly Stretch[], key: string): readonly Total[] {
  const others = new Set(stretches.map((stretch) => stretch.key).filter((known) => known !== key));
  return [...others, key].map((known) => totalOf(stretches, known));
}

/** For people: a row for each state of the sources, and under it one for each commit that ran a part of it. */
export function ledgerTable(totals: readonly Total[]): string {
  const row = (name: string, { schedules, violations, cpuSeconds }: Count): string => {
    const rate = cpuSeconds > 0 ? (schedules / cpuSeconds).toFixed(1) : '-';
    return `${name.padEnd(30)} ${String(schedules).padStart(10)} ${String(violations).padStart(10)} ${cpuSeconds.toFixed(0).padStart(9)} ${rate.padStart(9)}`;
  };
  const lines = [`${'sources'.padEnd(30)}  schedules violations     CPU s per CPU s`];
  totals.forEach((total, place) => {
    lines.push(row(`${total.key}${place === totals.length - 1 ? ' (these)' : ''}`, total));
    for (const count of total.commits) lines.push(row(`  commit ${count.commit}`, count));
  });
  return lines.join('\n');
}
