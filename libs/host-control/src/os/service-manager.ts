import { type ChildProcess, spawn } from 'node:child_process';

/** What systemd is told of this process (sd_notify(3)). Without systemd nothing is. */
export interface ServiceManager {
  /** From now on also that our loop turns, as often as the unit's WatchdogSec asks. */
  readonly ready: () => void;
  readonly stopping: () => void;
  /** After `stopping`, before we end: whoever told it is gone. What is there a moment longer than we keeps the unit's control group. */
  readonly gone: () => Promise<void>;
}

const LAST_WORD = 'STOPPING=1';
/** It has nothing else to do than to end. */
const GONE_WITHIN_MS = 500;
/** Node has no datagrams of AF_UNIX; perl-base is on every Debian. One for the life of the process. It ends with its last word, or when we do. */
const TELLER = `use Socket;
my $path = $ENV{NOTIFY_SOCKET};
$path =~ s/^@/\\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or exit 1;
while (my $line = <STDIN>) {
  chomp $line;
  send($socket, $line, 0, pack_sockaddr_un($path));
  # Whose word it is systemd finds out by the process: it stays for that long.
  if ($line eq '${LAST_WORD}') { select(undef, undef, undef, 0.1); last; }
}`;

const NOBODY: ServiceManager = { ready: () => {}, stopping: () => {}, gone: async () => {} };
/** Of the time after which systemd ends a silent service: two lost words are no reason. */
const SAYS_PER_TIMEOUT = 4;

/** @param env as systemd gives it: NOTIFY_SOCKET, WATCHDOG_USEC. */
export function serviceManager(env: NodeJS.ProcessEnv = process.env): ServiceManager {
  const socket = env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return NOBODY;
  const everyMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1_000 / SAYS_PER_TIMEOUT;
  let teller: ChildProcess | null = null;
  let says: ReturnType<typeof setInterval> | undefined;
  const say = (word: string): void => {
    teller ??= startTeller(socket, () => {
      teller = null;
    });
    teller.stdin?.write(`${word}\n`);
  };
  // It must not be what keeps us alive, nor what our children inherit.
  return {
    ready: () => {
      say('READY=1');
      if (everyMs > 0) says = setInterval(() => say('WATCHDOG=1'), everyMs).unref();
    },
    stopping: () => {
      // From then on systemd counts the time to stop, and no words.
      clearInterval(says);
      say(LAST_WORD);
    },
    gone: async () => {
      const last = teller;
      if (last === null) return;
      const late = setTimeout(() => last.kill('SIGKILL'), GONE_WITHIN_MS);
      await new Promise((resolve) => last.once('close', resolve));
      clearTimeout(late);
    },
  };
}

function startTeller(socket: string, onEnd: () => void): ChildProcess {
  const child = spawn('perl', ['-e', TELLER], { env: { NOTIFY_SOCKET: socket }, stdio: ['pipe', 'ignore', 'ignore'] });
  child.once('error', onEnd);
  child.once('exit', onEnd);
  child.stdin.on('error', () => undefined);
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  child.unref();
  return child;
}
