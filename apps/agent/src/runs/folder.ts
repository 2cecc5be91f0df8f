import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../errors.js';
import { isAlive, type ProcessMark } from './processes.js';

/** `unsure`: the code is one that shells give for a signal, and nothing says whether there was one. */
export interface RunExit {
  readonly code: number;
  readonly how: 'exited' | 'signal' | 'unsure';
}

/**
 * What is on disk of one run while it is open. All of it is a few bytes that were written just now: they are read at once, since waiting for
 * others to read them costs many times as much of the host.
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static of(root: string, run: string): RunFolder {
    return new RunFolder(join(root, RunFolder.nameOf(run)));
  }

  static nameOf(run: string): string {
    return createHash('sha256').update(run).digest('hex').slice(0, 32);
  }

  /** Empty, whatever was there. */
  make(): void {
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  /** Shuts the door behind which a command begins. @returns false: it has begun, or may have. */
  async shutDoor(): Promise<boolean> {
    try {
      mkdirSync(join(this.path, 'begun'));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      // No folder: whoever makes one makes a door with it.
      if (codeOf(error) === 'ENOENT') return true;
      throw error;
    }
  }

  /** null = it goes on, or nobody noted how it ended. */
  async exit(): Promise<RunExit | null> {
    const [, code, how = 'unsure'] = /^(\d{1,3})(?: (exited|signal|unsure))? end$/m.exec(this.#read('exit')) ?? [];
    return code === undefined ? null : { code: Number(code), how: how as RunExit['how'] };
  }

  async command(): Promise<(ProcessMark & { readonly startedAtMs: number }) | null> {
    const mark = this.#mark('command');
    return mark === null ? null : { ...mark, startedAtMs: Math.round(statSync(join(this.path, 'command')).mtimeMs) };
  }

  async isKept(): Promise<boolean> {
    const keeper = this.#mark('keeper');
    return keeper !== null && (await isAlive(keeper));
  }

  /** Where its outputs went: from which byte on of its own file, or that this could not be written. */
  async aims(): Promise<Readonly<Record<'stdout' | 'stderr', number | 'trouble' | null>>> {
    const text = this.#read('aims');
    const of = (name: string) => {
      if (text.includes(`${name}-trouble\n`)) return 'trouble' as const;
      const from = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
      return from === undefined ? null : Number(from);
    };
    return { stdout: of('stdout'), stderr: of('stderr') };
  }

  async scriptFolder(): Promise<string | null> {
    const path = this.#read('script').trim();
    return path === '' ? null : path;
  }

  async remove(): Promise<void> {
    const script = await this.scriptFolder();
    if (script !== null) await rm(script, { recursive: true, force: true });
    rmSync(this.path, { recursive: true, force: true });
  }

  #mark(name: string): ProcessMark | null {
    const [, pid, startTicks] = /^(\d+) (\d+) end$/m.exec(this.#read(name)) ?? [];
    return pid === undefined || startTicks === undefined ? null : { pid: Number(pid), startTicks };
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.path, name), 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return '';
      throw error;
    }
  }
}
