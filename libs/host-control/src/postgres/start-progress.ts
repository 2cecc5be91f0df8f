import { readFileSync } from 'node:fs';
import { titledChildren } from '../os/processes.js';

/** What a server that is starting has done so far; any change is progress. */
export interface StartReading {
  /** Of the startup process: PostgreSQL shows there which segment it replays; empty: there is none. */
  readonly title: string;
  /** CPU time of the startup process, clock ticks. */
  readonly ticks: number;
  /** Read and written by it, and written by the checkpointer, which ends a crash recovery. */
  readonly bytes: number;
}

/** So long without any progress, and a start counts as hung. A syncfs of a big cache moves none of these numbers: it has that long. */
export const START_STILL_MS = 120_000;

/** A start is judged by what it does, not by how long it takes (failover.md 5.6): a crash recovery may rightly need an hour. */
export class StartProgress {
  #postmaster: number | null = null;
  #last = '';
  #sinceMs = 0;

  /** @returns how long it has done nothing, ms. */
  look(postmaster: number, { title, ticks, bytes }: StartReading, nowMs: number): number {
    const reading = `${title}/${ticks}/${bytes}`;
    if (postmaster !== this.#postmaster || reading !== this.#last) this.#sinceMs = nowMs;
    this.#postmaster = postmaster;
    this.#last = reading;
    return nowMs - this.#sinceMs;
  }
}

export function readStart(postmaster: number): StartReading {
  const children = titledChildren(postmaster);
  const startup = children.find(({ title }) => title.includes('startup'));
  const checkpointer = children.find(({ title }) => title.includes('checkpointer'));
  const written = checkpointer === undefined ? 0 : ioOf(checkpointer.pid).written;
  if (startup === undefined) return { title: '', ticks: 0, bytes: written };
  const { read, written: own } = ioOf(startup.pid);
  return {
    title: startup.title.replace(/^.*?startup/, 'startup').trim(),
    ticks: ticksOf(startup.pid),
    bytes: read + own + written,
  };
}

/** proc(5): rchar and wchar count what the page cache answers, too. */
function ioOf(pid: number): { readonly read: number; readonly written: number } {
  const text = textOf(`/proc/${pid}/io`);
  const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { read: of('rchar'), written: of('wchar') };
}

/** utime and stime, counted from behind the name, which may contain anything. */
function ticksOf(pid: number): number {
  const stat = textOf(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
