import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { AwakeTimer } from '@yosugara/kernel';
import { environmentOf, switchTo } from './accounts.js';
import { signalGroup } from './processes.js';

export const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
const KEEP_BYTES = 1_048_576;
const PIPES_GRACE_MS = 200;

export interface ShellEnd {
  /** `not-begun` and `late` have a sentence in `why`. */
  readonly kind: 'ended' | 'not-begun' | 'late';
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly why: string;
}

/** A command by the shell, of which nothing is left when it ends or is late: of custom monitors and stop commands. It dies with us. Never throws. */
export async function runShell(
  command: string,
  {
    user,
    environment,
    timeoutMs,
    signal,
  }: { user: string | null; environment: Readonly<Record<string, string>>; timeoutMs: number; signal?: AbortSignal },
): Promise<ShellEnd> {
  const nothing = { code: null, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  const to = switchTo(user);
  if (!to.ok) return { kind: 'not-begun', ...nothing, why: to.why };
  if (to.isOther && SETPRIV === undefined)
    return { kind: 'not-begun', ...nothing, why: 'setpriv (util-linux) is not installed, so no other user can be become' };
  const as = to.isOther
    ? ['--reuid', String(to.account.uid), '--regid', String(to.account.gid), '--init-groups', '--inh-caps=-all']
    : [];
  const words =
    SETPRIV === undefined ? ['/bin/sh', '-c', command] : [SETPRIV, '--pdeathsig', 'KILL', ...as, '--', '/bin/sh', '-c', command];
  const child = spawn(words[0]!, words.slice(1), {
    ...{ cwd: '/', detached: true, env: environmentOf(to.account, environment), stdio: ['ignore', 'pipe', 'pipe'] },
  });
  const [stdout, stderr] = [keepFirst(child.stdout), keepFirst(child.stderr)];
  let isLate = false;
  const kill = () => {
    isLate = true;
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  };
  const timer = new AwakeTimer(timeoutMs, kill);
  signal?.addEventListener('abort', kill);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
      // Whom it left behind may hold its pipes for ever.
      child.once('exit', (status) => setTimeout(() => resolve(status), PIPES_GRACE_MS));
    });
    const why = isLate ? `it did not end within ${timeoutMs} ms and was killed` : '';
    return { kind: isLate ? 'late' : 'ended', code, stdout: stdout(), stderr: stderr(), why };
  } catch (error) {
    return { kind: 'not-begun', ...nothing, why: `it cannot be started: ${(error as Error).message}` };
  } finally {
    timer.stop();
    signal?.removeEventListener('abort', kill);
    for (const pipe of [child.stdout, child.stderr]) pipe.destroy();
  }
}

function keepFirst(stream: NodeJS.ReadableStream): () => Buffer {
  const parts: Buffer[] = [];
  let bytes = 0;
  stream.on('error', () => undefined);
  stream.on('data', (part: Buffer) => {
    if (bytes < KEEP_BYTES) parts.push(part.subarray(0, KEEP_BYTES - bytes));
    bytes += part.length;
  });
  return () => Buffer.concat(parts);
}
