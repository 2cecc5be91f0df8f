import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { AwakeTimer } from '@yosugara/kernel';
import type { CommandPayload, Told } from '@yosugara/operations';
import type { SendDeadline, Sent } from '@yosugara/runtime';
import { quoted } from '../probes/look.js';
import { accepted, refused, retry } from './port.js';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
const KEEP_CHARS = 4_096;
/** Somebody whom it left behind may hold its pipes for ever. */
const PIPES_GRACE_MS = 200;
/** sysexits.h: EX_TEMPFAIL. */
const TRY_AGAIN = 75;

interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * Runs a command. Its id is in its environment (YOSUGARA_ID). Exit 0: told. 75 (EX_TEMPFAIL): to be tried again. Any other, and one that does not
 * end in time, is not tried again: half of it may be done.
 */
export async function sendCommand(payload: CommandPayload, told: Told, deadline: SendDeadline): Promise<Sent> {
  const { words, shell, user } = payload;
  const account = user === null ? null : accountOf(user);
  if (account === undefined) return refused(`there is no account ${quoted(user ?? '')} on this host`);
  const isOther = account !== null && account.uid !== process.getuid?.();
  if (isOther && process.getuid?.() !== 0)
    return refused(
      `the manager does not run as root, so it cannot run a command as ${user}: an agent’s job can (notification of kind job)`,
    );
  const program = shell ? ['/bin/sh', '-c', words[0] ?? ''] : words;
  if (program[0] === undefined || program[0] === '') return refused('the command names no program');
  const environment = environmentOf(payload, told, account);
  return await run(wrapped(program, isOther ? account : null), environment, isOther ? account : null, deadline);
}

/** It dies with us; and has the groups of its account, not ours. */
function wrapped(words: readonly string[], account: Account | null): readonly string[] {
  if (SETPRIV === undefined) return words;
  const as = account === null ? [] : ['--reuid', String(account.uid), '--regid', String(account.gid), '--init-groups'];
  return [SETPRIV, '--pdeathsig', 'KILL', ...as, '--', ...words];
}

function environmentOf(payload: CommandPayload, told: Told, account: Account | null): Record<string, string> {
  const all = { ...payload.environment, YOSUGARA_ID: told.id };
  return {
    ...{ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
    ...(account === null ? {} : { HOME: account.home, USER: payload.user ?? '', LOGNAME: payload.user ?? '' }),
    ...Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value.replaceAll('\0', '\ufffd')])),
  };
}

async function run(
  words: readonly string[],
  env: Record<string, string>,
  account: Account | null,
  { deadlineMs, signal }: SendDeadline,
): Promise<Sent> {
  let cut: 'late' | 'stopped' | null = null;
  let kill: (why: 'late' | 'stopped') => void = () => undefined;
  const timer = new AwakeTimer(deadlineMs, () => kill('late'));
  const onAbort = () => kill('stopped');
  signal.addEventListener('abort', onAbort);
  try {
    const child = spawn(words[0]!, words.slice(1), {
      ...{ cwd: '/', env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
      ...(account !== null && SETPRIV === undefined ? { uid: account.uid, gid: account.gid } : {}),
    });
    kill = (why) => {
      cut ??= why;
      killGroupOf(child.pid);
    };
    if (signal.aborted) onAbort();
    const said = keepLast([child.stdout, child.stderr]);
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (status) => resolve(status));
        child.once('exit', (status) => setTimeout(() => resolve(status), PIPES_GRACE_MS));
      });
      return endOf(code, cut, said(), deadlineMs);
    } finally {
      for (const pipe of [child.stdout, child.stderr]) pipe.destroy();
    }
  } catch (error) {
    return refused(`the command cannot be started: ${(error as Error).message}`);
  } finally {
    timer.stop();
    signal.removeEventListener('abort', onAbort);
  }
}

function endOf(code: number | null, cut: 'late' | 'stopped' | null, said: string, deadlineMs: number): Sent {
  const words = said === '' ? '' : `; it said last ${quoted(said)}`;
  if (cut === 'late') return refused(`the command did not end within ${deadlineMs} ms and was killed${words}`);
  if (cut === 'stopped') return retry('the command was killed: this node may not send any more');
  if (code === 0) return accepted;
  if (code === TRY_AGAIN) return retry(`the command exited ${TRY_AGAIN}: to be tried again${words}`);
  return refused(code === null ? `a signal ended the command${words}` : `the command exited ${code}${words}`);
}

/** The last line that is not empty, of both outputs. */
function keepLast(streams: readonly NodeJS.ReadableStream[]): () => string {
  let text = '';
  for (const stream of streams) {
    stream.setEncoding('utf8');
    stream.on('error', () => undefined);
    stream.on('data', (chunk: string) => {
      text = (text + chunk).slice(-KEEP_CHARS);
    });
  }
  return () => text.split('\n').findLast((line) => line.trim() !== '') ?? '';
}

function killGroupOf(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}

/** By the passwd file, read each time: accounts come and go. undefined = there is none. */
function accountOf(name: string): Account | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid, , home] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid), home: home ?? '/' };
}
