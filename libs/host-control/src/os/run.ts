import { type ChildProcess, spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { AwakeTimer } from '@yosugara/kernel';
import { PostgresControlError } from '../errors.js';
import { killGroupOf, toldAtOurEnd } from './process-group.js';

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

/** Whoever it left behind may hold its pipes for ever: what it said itself is read by then. */
const PIPES_GRACE_MS = 1_000;
/** Killed, and still not gone: the kernel holds it, as on a volume that hangs. */
const KILLED_GRACE_MS = 2_000;

/**
 * Runs a program to its end. Its environment is what is given here and nothing else, in the C locale, so that its words can be read.
 * At the deadline it is killed with all that it started, and waited for no longer, whoever holds its pipes.
 * @throws PostgresControlError PROGRAM_FAILED — cannot be started, or killed at the deadline. A non-zero exit is a result.
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { account } = options;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: a shell is killed with its pipeline.
    detached: true,
    ...(account?.switchTo ? { uid: account.uid, gid: account.gid } : {}),
  });
  const hasEnded = toldAtOurEnd(child.pid);
  if (options.givesWay === true) giveWay(child);
  const stdout = collect(child.stdout, options.onLine);
  const stderr = collect(child.stderr, options.onLine);
  child.stdin.on('error', () => {}); // It may end without reading: its exit code tells.
  child.stdin.end(options.input ?? '');
  try {
    const { code, late } = await endOf(child, options);
    if (late)
      throw new PostgresControlError('PROGRAM_FAILED', `${program}: no end within ${options.deadlineMs} ms: ${stderr().trim()}`);
    return { code, stdout: stdout(), stderr: stderr() };
  } catch (error) {
    if (error instanceof PostgresControlError) throw error;
    throw new PostgresControlError('PROGRAM_FAILED', `cannot run ${program}`, error);
  } finally {
    hasEnded();
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
  }
}

/** Rejects when it cannot be started. */
async function endOf(
  child: ChildProcess,
  { deadlineMs, signal }: RunOptions,
): Promise<{ readonly code: number | null; readonly late: boolean }> {
  let late = false;
  let kill: () => void = () => {};
  const timers: AwakeTimer[] = [];
  const ended = new Promise<number | null>((resolve, reject) => {
    const settleIn = (ms: number, code: number | null) => void timers.push(new AwakeTimer(ms, () => resolve(code)));
    child.once('error', reject);
    child.once('close', resolve);
    child.once('exit', (code) => settleIn(PIPES_GRACE_MS, code));
    kill = () => {
      killGroupOf(child.pid);
      settleIn(KILLED_GRACE_MS, null);
    };
  });
  const onDeadline = () => {
    late = true;
    kill();
  };
  timers.push(new AwakeTimer(deadlineMs, onDeadline));
  signal?.addEventListener('abort', kill);
  if (signal?.aborted === true) kill();
  try {
    return { code: await ended, late };
  } finally {
    for (const timer of timers) timer.stop();
    signal?.removeEventListener('abort', kill);
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
