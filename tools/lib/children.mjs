// Child processes that cannot be left behind: each runs in its own process group, gets every signal we get, and whatever is
// left of the group is killed when its leader ends. When a signal ends us, so is what has left the group: the clusters of specs.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Descendants } from './descendants.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** From the first signal to SIGKILL of the group. */
const GRACE_MS = 20_000;

/** For whatever has left its group, from its SIGTERM to SIGKILL. */
const LEFT_GRACE_MS = 5_000;

const groups = new Set();
const descendants = new Descendants();
let stoppedBy = null;

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group is empty, which is what we want.
  }
}

for (const signal of SIGNALS) {
  process.on(signal, () => {
    stoppedBy ??= signal;
    if (groups.size === 0) process.exit(exitCodeOf(null, signal));
    // While they still have their parents.
    descendants.look(groups);
    for (const pid of groups) signalGroup(pid, signal);
    setTimeout(() => {
      for (const pid of groups) signalGroup(pid, 'SIGKILL');
    }, GRACE_MS).unref();
  });
}
// Our own parent is the launcher that found the right Node (run.mjs): when it is killed, its end of the channel closes.
process.on('disconnect', () => process.emit('SIGTERM'));
process.on('exit', () => {
  if (stoppedBy !== null) descendants.signal('SIGKILL');
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
});

/** What a run that was cut left behind. Some start others as long as they live: it is over when a look finds nobody. */
async function endWhatIsLeft() {
  descendants.signal('SIGTERM');
  const untilMs = performance.now() + LEFT_GRACE_MS;
  while (descendants.left().length > 0) {
    const overMs = performance.now() - untilMs;
    if (overMs > 0) descendants.signal('SIGKILL');
    // Nothing ends what waits for a disk.
    if (overMs > LEFT_GRACE_MS) break;
    await sleep(50);
  }
}

function exitCodeOf(code, signal) {
  return code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1);
}

/** The signal that ended us, if one came: whoever runs several steps stops between them. */
export const interruptedBy = () => stoppedBy;

/**
 * Runs a program to its end.
 *
 * @param options.capture `true`: stdout is collected and returned instead of shown; `'tee'`: both.
 * @param options.quiet both streams are collected and shown only by the caller.
 * @returns { code, stdout }: code as the shell has it (128 + signal when killed), 127 when the program is missing.
 */
export function run(command, args, options = {}) {
  const { capture = false, quiet = false, cwd, env, timeoutMs } = options;
  const stdio = ['ignore', capture || quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'];
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: env ?? process.env, stdio, detached: true });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        chunks.push(chunk);
        if (capture === 'tee') process.stdout.write(chunk);
      });
    const timer = timeoutMs && setTimeout(() => signalGroup(child.pid, 'SIGKILL'), timeoutMs);
    if (child.pid !== undefined) groups.add(child.pid);
    const end = (code) => {
      clearTimeout(timer);
      if (child.pid !== undefined) {
        signalGroup(child.pid, 'SIGKILL');
        groups.delete(child.pid);
      }
      const answer = () => resolve({ code, stdout: Buffer.concat(chunks).toString('utf8') });
      if (stoppedBy === null) answer();
      else void endWhatIsLeft().then(answer);
    };
    child.once('error', (error) => end(error.code === 'ENOENT' ? 127 : 126));
    // 'close', not 'exit': the last lines of a pipe are part of the answer.
    child.once('close', (code, signal) => end(exitCodeOf(code, signal)));
  });
}

/** Hands everything over to another program: same terminal, same signals, its exit code. The nearest Node has to exec. */
export function become(command, args, env = process.env) {
  const child = spawn(command, args, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    // From a terminal the whole foreground group has got Ctrl-C already; twice would mean "at once" to some programs.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}
