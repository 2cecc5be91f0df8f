import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const START_MS = 30_000;

/** Unpacked beside the system, for it would take the place of something of the host's (tools/lib/bring.mjs). */
const BESIDE = fileURLToPath(new URL('../../../.yosugara/tools/chrony/usr/sbin', import.meta.url));

/** Where a program of the system is, also those that only root has in its path; null = it is not installed. */
export function findSystemProgram(name: string): string | null {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
    '/bin',
    BESIDE,
  ];
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
  /** When it serves. TCP ports that it listens at, a UDP port that is bound, or whatever else tells. */
  readonly ready: number | readonly number[] | { readonly udp: number } | ((said: () => string) => boolean | Promise<boolean>);
}

export interface DaemonsPlace {
  /** Where they listen. */
  readonly address: string;
  /** What each is run by, such as `nsenter --net=…`; it must not leave a process of its own. */
  readonly inside: readonly string[];
}
const LOOPBACK: DaemonsPlace = { address: '127.0.0.1', inside: [] };

/** Daemons of the system with configurations of our own, in a folder of theirs. All end, and the folder goes, with `stop`. */
export class Daemons {
  readonly dir: string;
  readonly address: string;
  readonly #inside: readonly string[];
  readonly #running: { readonly child: ChildProcess; readonly gone: Promise<void>; readonly options: DaemonOptions }[] = [];
  readonly #killNow = () => {
    for (const { child } of this.#running) killGroup(child, 'SIGKILL');
    // Of specs that were skipped, too: nobody stops what they never started.
    rmSync(this.dir, { recursive: true, force: true });
  };

  constructor(name: string, { address, inside }: DaemonsPlace = LOOPBACK) {
    this.address = address;
    this.#inside = inside;
    this.dir = mkdtempSync(join(tmpdir(), `yosugara-${name}-`));
    process.once('exit', this.#killNow);
  }

  /** @returns its path. */
  write(name: string, text: string): string {
    const path = join(this.dir, name);
    writeFileSync(path, text);
    return path;
  }

  /** A program that ends, where the daemons are. @throws with what it said. */
  run(program: string, args: readonly string[]): void {
    const [first, ...more] = [...this.#inside, program, ...args];
    execFileSync(first!, more, { cwd: this.dir, stdio: 'pipe', timeout: START_MS });
  }

  /** In the foreground, in a process group of its own. @throws when it is not ready in time; with what it said. */
  async start(options: DaemonOptions): Promise<ChildProcess> {
    const { program, args, env = {}, uid, gid, ready } = options;
    // Should this process be killed, the kernel ends the daemon: nobody else would.
    const setpriv = findSystemProgram('setpriv');
    const own = [...this.#inside, program, ...args];
    const words = setpriv === null ? own : [setpriv, '--pdeathsig', 'KILL', '--', ...own];
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
    this.#running.push({ child, gone: new Promise((resolve) => child.once('close', () => resolve())), options });
    try {
      await until(async () => {
        if (failed !== null || child.exitCode !== null) throw failed ?? new Error(`it ended with code ${child.exitCode}`);
        if (typeof ready === 'function') return await ready(() => said);
        if (typeof ready === 'object' && 'udp' in ready) return isOpen(child.pid ?? 0, 'udp', ready.udp);
        return (await Promise.all([ready].flat().map(async (port) => await this.#serves(child, port)))).every(Boolean);
      }, START_MS);
    } catch (error) {
      throw new Error(`${program} does not serve: ${(error as Error).message}: ${said.slice(-2_000)}`, { cause: error });
    }
    return child;
  }

  /** From here nobody gets into a network of theirs: there, the kernel is asked. */
  async #serves({ pid = 0 }: ChildProcess, port: number): Promise<boolean> {
    return this.#inside.length === 0 ? await listens(port, this.address) : isOpen(pid, 'tcp', port);
  }

  /** Ends one of them. */
  async end(child: ChildProcess): Promise<void> {
    const found = this.#running.findIndex((one) => one.child === child);
    if (found < 0) return;
    const { gone } = this.#running[found]!;
    this.#running.splice(found, 1);
    await endOne(child, gone);
  }

  /** Ends all of them. @returns how each was started, for who starts them again as they were. */
  async endAll(): Promise<readonly DaemonOptions[]> {
    const all = this.#running.splice(0);
    await Promise.all(all.map(async ({ child, gone }) => await endOne(child, gone)));
    return all.map(({ options }) => options);
  }

  async stop(): Promise<void> {
    process.off('exit', this.#killNow);
    await this.endAll();
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

/** States of proc(5): a TCP socket that listens (0A), a UDP socket that is bound (07). */
const OPEN = { tcp: '0A', udp: '07' } as const;

/** In the network of that process a socket waits at that port. */
function isOpen(pid: number, protocol: keyof typeof OPEN, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const waiting = new RegExp(`:${hex} 0+:0000 ${OPEN[protocol]} `);
  try {
    return [protocol, `${protocol}6`].some((table) => waiting.test(readFileSync(`/proc/${pid}/net/${table}`, 'utf8')));
  } catch {
    return false;
  }
}

/** Somebody accepts connections at that port. */
export async function listens(port: number, address = '127.0.0.1'): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
