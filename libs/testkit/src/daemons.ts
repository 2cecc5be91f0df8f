import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { until } from './until.js';

const START_MS = 30_000;

/** Where a program of the system is, also those that only root has in its path; null = it is not installed. */
export function findSystemProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  for (const path of isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next one.
    }
  }
  return null;
}

export interface DaemonOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Of itself or of a program that it runs as somebody else. */
  readonly uid?: number;
  readonly gid?: number;
  /** When it serves. TCP ports of 127.0.0.1 that it listens at, or whatever else tells. */
  readonly ready: number | readonly number[] | ((said: () => string) => boolean | Promise<boolean>);
}

/** Daemons of the system with configurations of our own, in a folder of theirs. All end, and the folder goes, with `stop`. */
export class Daemons {
  readonly dir: string;
  readonly #running: { readonly child: ChildProcess; readonly gone: Promise<void> }[] = [];
  readonly #killNow = () => {
    for (const { child } of this.#running) killGroup(child, 'SIGKILL');
    // Of specs that were skipped, too: nobody stops what they never started.
    rmSync(this.dir, { recursive: true, force: true });
  };

  constructor(name: string) {
    this.dir = mkdtempSync(join(tmpdir(), `yosugara-${name}-`));
    process.once('exit', this.#killNow);
  }

  /** @returns its path. */
  write(name: string, text: string): string {
    const path = join(this.dir, name);
    writeFileSync(path, text);
    return path;
  }

  /** In the foreground, in a process group of its own. @throws when it is not ready in time; with what it said. */
  async start({ program, args, env = {}, uid, gid, ready }: DaemonOptions): Promise<ChildProcess> {
    // Should this process be killed, the kernel ends the daemon: nobody else would.
    const setpriv = findSystemProgram('setpriv');
    const words = setpriv === null ? [program, ...args] : [setpriv, '--pdeathsig', 'KILL', '--', program, ...args];
    const child = spawn(words[0]!, words.slice(1), {
      cwd: this.dir,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    let failed: Error | null = null;
    child.on('error', (error) => (failed = error));
    this.#running.push({ child, gone: new Promise((resolve) => child.once('close', () => resolve())) });
    try {
      await until(async () => {
        if (failed !== null || child.exitCode !== null) throw failed ?? new Error(`it ended with code ${child.exitCode}`);
        return typeof ready === 'function'
          ? await ready(() => said)
          : (await Promise.all([ready].flat().map(listens))).every(Boolean);
      }, START_MS);
    } catch (error) {
      throw new Error(`${program} does not serve: ${(error as Error).message}: ${said.slice(-2_000)}`, { cause: error });
    }
    return child;
  }

  /** Ends one of them. */
  async end(child: ChildProcess): Promise<void> {
    const found = this.#running.findIndex((one) => one.child === child);
    if (found < 0) return;
    const { gone } = this.#running[found]!;
    this.#running.splice(found, 1);
    await endOne(child, gone);
  }

  async stop(): Promise<void> {
    process.off('exit', this.#killNow);
    await Promise.all(this.#running.splice(0).map(async ({ child, gone }) => await endOne(child, gone)));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function endOne(child: ChildProcess, gone: Promise<void>): Promise<void> {
  killGroup(child, 'SIGTERM');
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), 1_000);
  await gone;
  clearTimeout(timer);
  // What it left behind.
  killGroup(child, 'SIGKILL');
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody is left.
  }
}

/** Somebody accepts connections at that port of 127.0.0.1. */
export async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
