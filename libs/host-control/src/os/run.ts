import { type ChildProcess, spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { PostgresControlError } from '../errors.js';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Must children change to it? false: we are it already. */
  readonly switchTo: boolean;
}

export interface RunOptions {
  readonly account?: Account;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly input?: string;
  /** One call a line of standard output or standard error, as they come. */
  readonly onLine?: (line: string) => void;
  /** It, and what it starts, gives way to everything else on this host: for copies, which have time. */
  readonly givesWay?: boolean;
  /** Ends it early; its result is then that of a killed program. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const KEEP_CHARS = 200_000;

/**
 * Runs a program to its end. Its environment is what is given here and nothing else, in the C locale, so that its words can be read.
 * @throws PostgresControlError PROGRAM_FAILED — cannot be started, or killed at the deadline. A non-zero exit is a result.
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { account } = options;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(account?.switchTo ? { uid: account.uid, gid: account.gid } : {}),
  });
  if (options.givesWay === true) giveWay(child);
  const kill = () => void child.kill('SIGKILL');
  options.signal?.addEventListener('abort', kill);
  if (options.signal?.aborted === true) kill();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, options.deadlineMs);
  const stdout = collect(child.stdout, options.onLine);
  const stderr = collect(child.stderr, options.onLine);
  child.stdin.on('error', () => {}); // It may end without reading: its exit code tells.
  child.stdin.end(options.input ?? '');
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (late)
      throw new PostgresControlError('PROGRAM_FAILED', `${program}: no end within ${options.deadlineMs} ms: ${stderr().trim()}`);
    return { code, stdout: stdout(), stderr: stderr() };
  } catch (error) {
    if (error instanceof PostgresControlError) throw error;
    throw new PostgresControlError('PROGRAM_FAILED', `cannot run ${program}`, error);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
  }
}

const NICE = 10;

/** Best effort: a copy that may not be made nicer is a copy all the same. Never above what we are ourselves. */
function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, Math.max(NICE, getPriority()));
  } catch {
    // It has ended already, or a sandbox forbids it.
  }
}

/** As `run`, and a non-zero exit throws with what the program said last. */
export async function mustRun(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const result = await run(program, args, options);
  if (result.code !== 0)
    throw new PostgresControlError('PROGRAM_FAILED', `${program} exited ${result.code}: ${lastWords(result)}`);
  return result;
}

export function lastWords(result: RunResult): string {
  return (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-4).join(' | ').slice(0, 800);
}

function collect(stream: NodeJS.ReadableStream, onLine: ((line: string) => void) | undefined): () => string {
  let text = '';
  let line = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEEP_CHARS);
    if (onLine === undefined) return;
    const parts = (line + chunk).split(/[\r\n]/);
    line = parts.pop() ?? '';
    for (const part of parts) if (part !== '') onLine(part);
  });
  return () => text;
}
