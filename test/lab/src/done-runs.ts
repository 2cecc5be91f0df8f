import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunReport } from './check/types.js';
import { WORKSPACE } from './host/assets.js';

/**
 * Finished runs of one scenario at one commit, a line each, so that a long series goes on after an interruption and its
 * counts add up (failover.md, ruling 19). Runs with a planted bug are not kept.
 */
export class DoneRuns {
  readonly #file: string;

  /** @param cluster settings that differ from the default, as JSON: their runs are counted apart. */
  constructor(scenario: string, cluster = '{}', commit = currentCommit()) {
    const kind = cluster === '{}' ? '' : `.${createHash('sha256').update(cluster).digest('hex').slice(0, 8)}`;
    this.#file = join(WORKSPACE, '.yosugara', 'lab', commit, `${scenario}${kind}.jsonl`);
  }

  /** Run number → report; the last line of a number wins. */
  read(): ReadonlyMap<number, RunReport> {
    const found = new Map<number, RunReport>();
    if (!existsSync(this.#file)) return found;
    for (const line of readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter((text) => text !== '')) {
      const { number, report } = JSON.parse(line) as { number: number; report: RunReport };
      found.set(number, report);
    }
    return found;
  }

  add(number: number, report: RunReport): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    appendFileSync(this.#file, `${JSON.stringify({ number, report })}\n`);
  }
}

function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', WORKSPACE, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '-changed'}`;
  } catch {
    return 'no-commit';
  }
}
