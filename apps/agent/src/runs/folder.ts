import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../errors.js';
import { isAlive, type ProcessMark } from './processes.js';

/** `unsure`: the code is one that shells give for a signal, and nothing says whether there was one. */
export interface RunExit {
  readonly code: number;
  readonly how: 'exited' | 'signal' | 'unsure';
}

/** What is on disk of one run while it is open. */
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

  /** Shuts the door behind which a command begins. @returns false: it has begun, or may have. */
  async shutDoor(): Promise<boolean> {
    try {
      await mkdir(join(this.path, 'begun'));
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
    const [, code, how = 'unsure'] = /^(\d{1,3})(?: (exited|signal|unsure))? end$/m.exec(await this.#read('exit')) ?? [];
    return code === undefined ? null : { code: Number(code), how: how as RunExit['how'] };
  }

  async command(): Promise<(ProcessMark & { readonly startedAtMs: number }) | null> {
    const mark = await this.#mark('command');
    return mark === null ? null : { ...mark, startedAtMs: Math.round((await stat(join(this.path, 'command'))).mtimeMs) };
  }

  async isKept(): Promise<boolean> {
    const keeper = await this.#mark('keeper');
    return keeper !== null && (await isAlive(keeper));
  }

  /** Where its outputs went: from which byte on of its own file, or that this could not be written. */
  async aims(): Promise<Readonly<Record<'stdout' | 'stderr', number | 'trouble' | null>>> {
    const text = await this.#read('aims');
    const of = (name: string) => {
      if (text.includes(`${name}-trouble\n`)) return 'trouble' as const;
      const from = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
      return from === undefined ? null : Number(from);
    };
    return { stdout: of('stdout'), stderr: of('stderr') };
  }

  async scriptFolder(): Promise<string | null> {
    const path = (await this.#read('script')).trim();
    return path === '' ? null : path;
  }

  async remove(): Promise<void> {
    const script = await this.scriptFolder();
    if (script !== null) await rm(script, { recursive: true, force: true });
    await rm(this.path, { recursive: true, force: true });
  }

  async #mark(name: string): Promise<ProcessMark | null> {
    const [, pid, startTicks] = /^(\d+) (\d+) end$/m.exec(await this.#read(name)) ?? [];
    return pid === undefined || startTicks === undefined ? null : { pid: Number(pid), startTicks };
  }

  async #read(name: string): Promise<string> {
    try {
      return await readFile(join(this.path, name), 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return '';
      throw error;
    }
  }
}
