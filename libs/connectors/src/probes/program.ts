import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { AwakeTimer } from '@yosugara/kernel';

export interface ProgramOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Written to standard input, then closed. */
  readonly input: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export type ProgramEnd =
  | { readonly kind: 'ended'; readonly code: number | null; readonly stdout: string; readonly stderr: string }
  /** `late`: killed at the deadline; `stopped`: by the signal; `missing`: there is no such program; `failed`: it could not be started. */
  | { readonly kind: 'late' | 'stopped' | 'missing' | 'failed'; readonly why: string };

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
/** Of each of its outputs; the rest is read and dropped. */
const KEEP_CHARS = 4_000_000;

/** Runs it to its end; it dies with us. Never throws: each way to end is a value. Its environment is a path and the C locale. */
export async function runProgram({ program, args, input, deadlineMs, signal }: ProgramOptions): Promise<ProgramEnd> {
  const words = SETPRIV === undefined ? [program, ...args] : [SETPRIV, '--pdeathsig', 'KILL', '--', program, ...args];
  const child = spawn(words[0]!, words.slice(1), {
    cwd: '/',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let cut: 'late' | 'stopped' | null = null;
  const kill = (why: 'late' | 'stopped') => {
    cut ??= why;
    child.kill('SIGKILL');
  };
  const timer = new AwakeTimer(deadlineMs, () => kill('late'));
  const onAbort = () => kill('stopped');
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  // It may end without reading: its exit code tells.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (cut !== null) return { kind: cut, why: `${program} did not end within ${deadlineMs} ms` };
    // setpriv(1): 127 = there is no such program.
    if (SETPRIV !== undefined && code === 127) return { kind: 'missing', why: `the program ${program} is not installed` };
    return { kind: 'ended', code, stdout: stdout(), stderr: stderr() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'missing', why: `the program ${program} is not installed` };
    return { kind: 'failed', why: `the program ${program} cannot be started: ${message}` };
  } finally {
    timer.stop();
    signal.removeEventListener('abort', onAbort);
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let kept = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    if (kept.length < KEEP_CHARS) kept += text;
  });
  return () => kept;
}
