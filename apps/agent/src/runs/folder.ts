import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../errors.js';
import type { ProcessMark } from './processes.js';

/** `unsure`: the code is one that shells give for a signal, and nothing says whether there was one. */
export interface RunExit {
  readonly code: number;
  readonly how: 'exited' | 'signal' | 'unsure';
}

export interface Notes {
  /** Its process. */
  readonly keeper: number | null;
  readonly command: (ProcessMark & { readonly startedAtMs: number }) | null;
  /** null = it goes on, or nobody noted how it ended. */
  readonly exit: RunExit | null;
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
      closeSync(openSync(join(this.path, DOOR), 'wx'));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      // No folder: whoever makes one makes a door with it.
      if (codeOf(error) === 'ENOENT') return true;
      throw error;
    }
  }

  /** What its keeper noted by now. */
  async notes(): Promise<Notes> {
    const lines = this.#read(DOOR).split('\n');
    const found = (pattern: RegExp) => lines.map((line) => pattern.exec(line)).find((match) => match !== null) ?? null;
    const keeper = found(/^keeper (\d+) end$/);
    const command = found(/^command (\d+) (\d+) end$/);
    const exit = found(/^exit (\d{1,3}) end$/);
    return {
      keeper: keeper === null ? null : Number(keeper[1]),
      // Nothing is made in the folder after the command began.
      command:
        command === null
          ? null
          : { pid: Number(command[1]), startTicks: command[2]!, startedAtMs: Math.round(statSync(this.path).mtimeMs) },
      exit: exit === null ? null : exitOf(Number(exit[1]), lines),
    };
  }

  /** By its command line, which has the folder in it: a number that was given anew is not taken for it. */
  isKeptBy(keeper: number | null): boolean {
    return keeper !== null && readNow(`/proc/${keeper}/cmdline`).split('\0').includes(this.path);
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

  #read(name: string): string {
    return readNow(join(this.path, name));
  }
}

const DOOR = 'begun';
const NOTE = /^(?:(?:keeper|command|exit) [\d ]+ end)?$/;

function exitOf(code: number, lines: readonly string[]): RunExit {
  // What is no note is what the shell said: the name of a signal.
  if (lines.some((line) => !NOTE.test(line))) return { code, how: 'signal' };
  return { code, how: code === 130 || code === 141 ? 'unsure' : 'exited' };
}

/** '' = there is none. */
function readNow(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' || codeOf(error) === 'ESRCH') return '';
    throw error;
  }
}
