import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { PatternPort } from '@yosugara/operations';
import type { StartInstruction } from '@yosugara/protocol';
import type { RunExit } from './folder.js';

/** What fits into a news line with both outputs, whatever has to be escaped in them. */
const MAX_JSON_BYTES = 1_600_000;
/** Variables are looked for in so much, also when less is kept. */
const LOOK_BYTES = 65_536;
/** Was written just now: others would take longer to be asked than it takes to read. */
const AT_ONCE_BYTES = 65_536;

export interface Captured {
  readonly text: string;
  readonly bytes: number;
}

/** The last bytes of a file from an offset on, as text that can be stored, and how many there were. */
export async function capture(path: string, from: number, keepBytes: number): Promise<Captured> {
  let size: number;
  try {
    size = statSync(path).size;
  } catch {
    return { text: '', bytes: 0 };
  }
  const bytes = Math.max(0, size - from);
  const length = Math.min(bytes, keepBytes);
  if (length === 0) return { text: '', bytes };
  if (length <= AT_ONCE_BYTES) return { text: textOf(readAt(path, size - length, length), length < bytes), bytes };
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, size - length);
    return { text: textOf(buffer.subarray(0, bytesRead), length < bytes), bytes };
  } finally {
    await file.close();
  }
}

function readAt(path: string, from: number, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(file, buffer, 0, length, from));
  } finally {
    closeSync(file);
  }
}

/** UTF-8; what is none, and NUL, which PostgreSQL does not store, become U+FFFD. @param isCut its first character may be half of one. */
export function textOf(buffer: Buffer, isCut: boolean): string {
  let from = 0;
  if (isCut) while (from < 3 && from < buffer.length && (buffer[from]! & 0xc0) === 0x80) from++;
  return buffer.subarray(from).toString('utf8').replaceAll('\0', '\ufffd');
}

/** The end of it that takes no more than a line has room for. */
export function bounded(text: string): string {
  let kept = text;
  while (Buffer.byteLength(JSON.stringify(kept)) > MAX_JSON_BYTES) kept = kept.slice(Math.ceil(kept.length / 4));
  return kept;
}

export const lookBytes = (keepOutputBytes: number): number => Math.max(keepOutputBytes, LOOK_BYTES);

/** The first group of each pattern that is found, or all that it matched. */
export function variablesOf(
  patterns: PatternPort,
  wanted: StartInstruction['variables'],
  outputs: { readonly stdout: string; readonly stderr: string },
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, from, pattern } of wanted) {
    // The whole match is a group, too: of patterns without one it is the first.
    const set = patterns.compile([{ pattern: `(?P<yosugara_all>${pattern})`, mode: 'regex', caseSensitive: true }]);
    if (set.problems.length > 0) continue;
    const groups = set.at(0).groups(outputs[from]);
    if (groups !== null) found[name] = (groups['2'] ?? groups['yosugara_all'] ?? groups['1'] ?? '').slice(0, 4_096);
  }
  return found;
}

/** Exit codes of shells: 128 and the number of the signal. */
const SIGNALS: Readonly<Record<number, string>> = {
  ...{ 1: 'SIGHUP', 2: 'SIGINT', 3: 'SIGQUIT', 4: 'SIGILL', 5: 'SIGTRAP', 6: 'SIGABRT', 7: 'SIGBUS', 8: 'SIGFPE', 9: 'SIGKILL' },
  ...{
    10: 'SIGUSR1',
    11: 'SIGSEGV',
    12: 'SIGUSR2',
    13: 'SIGPIPE',
    14: 'SIGALRM',
    15: 'SIGTERM',
    24: 'SIGXCPU',
    25: 'SIGXFSZ',
    31: 'SIGSYS',
  },
};

/** null = it exited by itself, with whatever code. */
export function signalOf({ code, how }: RunExit): string | null {
  if (how === 'exited' || code <= 128) return null;
  return SIGNALS[code - 128] ?? (how === 'signal' ? `signal ${code - 128}` : null);
}
