import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Where it was measured: figures of two machines must not be compared, ratios may. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  /** Over the last minute, when the run began: above the number of cores somebody else was at work. */
  readonly load: number;
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    ...{ cpu: all[0]?.model.trim() ?? 'unknown', cores: all.length, memoryMb: Math.round(totalmem() / 1_048_576) },
    ...{ kernel: release(), node: process.versions.node, load: Math.round(loadavg()[0]! * 100) / 100 },
  };
}

/** Short hash of the commit, `+` behind it when something is not committed; `unknown` outside a clone. */
export function thisCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    }).trim();
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
