import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { killGroupOf } from './process-group.js';

export interface BoundedOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Written to standard input, then closed. The only way for a secret to go: argv and environment can be read by others. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

export interface BoundedEnd {
  readonly kind: 'ended' | 'late' | 'stopped' | 'failed';
  /** null unless `ended`, or when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it did not start, for `failed`. */
  readonly why: string;
  readonly tookMs: number;
}

const KEEP_CHARS = 65_536;
/** Somebody the program left behind may hold its pipes for ever. */
const PIPES_GRACE_MS = 200;
const SETPRIV = '/usr/bin/setpriv';

/**
 * Runs a program that is not ours: a fence agent, a hook, a VIP script. It never throws: each way to end is a value. At the deadline
 * its whole process group is killed; should we be killed, the kernel kills it, so that no order outlives who gave it.
 */
export async function runBounded(options: BoundedOptions): Promise<BoundedEnd> {
  const begun = performance.now();
  const words = [options.program, ...options.args];
  const [program, ...args] = (existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--', ...words] : words) as [string];
  const child = spawn(program, args, {
    cwd: '/',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let cut: 'late' | 'stopped' | null = null;
  const kill = (why: 'late' | 'stopped'): void => {
    cut ??= why;
    killGroupOf(child.pid);
  };
  const timer = setTimeout(() => kill('late'), options.deadlineMs);
  const onAbort = (): void => kill('stopped');
  options.signal?.addEventListener('abort', onAbort);
  if (options.signal?.aborted === true) onAbort();
  const stdout = keep(child.stdout);
  const stderr = keep(child.stderr);
  child.stdin.on('error', () => {}); // It may end without reading: its exit code tells.
  child.stdin.end(options.input ?? '');
  const end = (kind: BoundedEnd['kind'], code: number | null, why = ''): BoundedEnd => {
    return { kind, code, stdout: stdout(), stderr: stderr(), why, tookMs: Math.round(performance.now() - begun) };
  };
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status));
      child.once('exit', (status) => setTimeout(() => resolve(status), PIPES_GRACE_MS));
    });
    return cut === null ? end('ended', code) : end(cut, null);
  } catch (error) {
    return end('failed', null, (error as Error).message);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
  }
}

/** What it said last, on one line. */
export function lastLine(end: BoundedEnd): string {
  const lines = `${end.stdout}\n${end.stderr}`.split('\n').map((line) => line.trim());
  return (lines.filter((line) => line !== '').at(-1) ?? '').slice(0, 200);
}

function keep(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('error', () => {});
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEEP_CHARS);
  });
  return () => text;
}
