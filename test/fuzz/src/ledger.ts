import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { RunResult } from './run.js';

/** So many inputs a line: what a stop loses is that much at most. */
export const LEDGER_STEP = 250_000;

export interface LedgerLine {
  readonly target: string;
  readonly seed: number;
  /** Of its first input. */
  readonly first: number;
  readonly inputs: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly slowestMs: number;
  readonly growthBytes: number;
  readonly found: readonly { readonly index: number; readonly why: string }[];
  readonly commit: string;
  readonly endedAt: string;
}

/** What ran, one JSON document a line, appended and never changed. A long run goes on where it ends. */
export class Ledger {
  readonly #path: string;
  readonly #lines: LedgerLine[];
  readonly #commit = commitNow();

  /** @throws SyntaxError — a line of the file is not of ours */
  constructor(path: string) {
    this.#path = path;
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    // The end of a process in the middle of a line leaves half of one: those inputs run again.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== text) appendFileSync(path, '\n');
    this.#lines = whole
      .split('\n')
      .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as LedgerLine] : []));
  }

  get lines(): readonly LedgerLine[] {
    return this.#lines;
  }

  /** Index of the first input that did not run yet. */
  next(target: string, seed: number): number {
    return this.#of(target, seed).reduce((next, { first, inputs }) => (first <= next ? Math.max(next, first + inputs) : next), 0);
  }

  found(target: string, seed: number): number {
    return this.#of(target, seed).reduce((sum, { found }) => sum + found.length, 0);
  }

  add(result: RunResult): void {
    const { target, seed, first, inputs, bytes, slowestMs, growthBytes } = result;
    const found = result.found.map(({ index, why }) => ({ index, why }));
    const line: LedgerLine = {
      ...{
        target,
        seed,
        first,
        inputs,
        seconds: rounded(result.seconds),
        bytes,
        slowestMs: rounded(slowestMs),
        growthBytes,
        found,
      },
      ...{ commit: this.#commit, endedAt: new Date().toISOString() },
    };
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    this.#lines.push(line);
  }

  #of(target: string, seed: number): readonly LedgerLine[] {
    const own = this.#lines.filter((line) => line.target === target && line.seed === seed);
    return own.sort((a, b) => a.first - b.first);
  }
}

const rounded = (value: number) => Math.round(value * 10) / 10;

function commitNow(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

/** A line of Markdown for each parser, seed and commit. */
export function ledgerTable(lines: readonly LedgerLine[]): string {
  const groups = new Map<string, LedgerLine[]>();
  for (const line of lines) {
    const key = `${line.target} ${line.seed} ${line.commit}`;
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  const rows = [...groups.values()].map((group) => {
    const sum = (of: (line: LedgerLine) => number) => group.reduce((total, line) => total + of(line), 0);
    const { target, seed, commit } = group[0]!;
    const slowest = Math.max(...group.map(({ slowestMs }) => slowestMs));
    const most = Math.max(...group.map(({ growthBytes }) => growthBytes)) / 1_048_576;
    const cells = [
      sum(({ inputs }) => inputs),
      `${(sum(({ bytes }) => bytes) / 1e9).toFixed(2)} GB`,
      `${(sum(({ seconds }) => seconds) / 60).toFixed(1)} min`,
    ];
    return `| \`${target}\` | ${[seed, commit, ...cells, `${slowest} ms`, `${most.toFixed(1)} MB`, sum(({ found }) => found.length)].join(' | ')} |`;
  });
  return [
    '| Parser | Seed | Commit | Inputs | Bytes | Took | Slowest | Heap grew by | Found |',
    '|---|---:|---|---:|---:|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}
