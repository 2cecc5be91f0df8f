import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NodeConfig } from '@yosugara/protocol';
import type { HostWatch } from '@yosugara/runtime';
import { childProgram } from '../os/child-program.js';
import { onJsonLines } from '../os/lines.js';
import { childrenOf, processFact } from '../os/processes.js';

export interface WatchInside {
  facts(): ReturnType<HostWatch['facts']>;
  /** All that it told, also what was over by the next look of whoever waits for it. */
  told(): readonly ReturnType<HostWatch['facts']>[];
  onChange(handler: () => void): void;
  /** A shell command in the same mount namespace. */
  sh(command: string): Promise<string>;
  /** States of the watch's child processes, such as `S` or `D`. */
  children(): string[];
  close(): Promise<void>;
}

interface Options {
  readonly lookEveryMs: number;
  readonly stallMs?: number;
  readonly againMs?: number;
  /** Run before the end, so that nothing is left that hangs. */
  readonly undo?: string;
}

/** Starts the watch in a mount namespace of its own, after `prepare` was run there: the mounts go with its last process. */
export function watchInside(config: NodeConfig, prepare: readonly string[], options: Options, folder: string): WatchInside {
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const { undo, ...given } = options;
  const script = [...prepare, 'exec "$@"'].join(' && ');
  const program = [process.execPath, childProgram('testing/watch-inside-main.js'), file, JSON.stringify(given)];
  const child = spawn('unshare', ['-m', '--propagation', 'private', 'sh', '-c', script, 'sh', ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let facts: ReturnType<HostWatch['facts']> = { unfit: null, disks: [], loopDelayMs: 0 };
  const told: (typeof facts)[] = [];
  onJsonLines<typeof facts>(child.stdout, (message) => {
    facts = message;
    told.push(message);
  });
  const sh = async (command: string): Promise<string> => {
    const argv = ['-t', String(child.pid), '-m', 'sh', '-c', command];
    return (await promisify(execFile)('nsenter', argv, { timeout: 20_000 })).stdout.trim();
  };
  return {
    facts: () => facts,
    told: () => told,
    onChange: () => {},
    sh,
    children: () => childrenOf(child.pid!).map((pid) => processFact(pid)?.state ?? 'X'),
    async close() {
      if (undo !== undefined) await sh(undo).catch(() => {});
      child.kill('SIGKILL');
      await exited;
    },
  };
}
