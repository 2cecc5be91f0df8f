import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serviceManager } from './service-manager.js';

/** What listens where systemd would. */
const LISTENER = `use Socket; $| = 1;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($ARGV[0])) or die; print "open\\n";
while (defined recv($s, my $word, 4096, 0)) { print "$word\\n"; }`;

/** Our children that tell systemd; a spec runs in one of several threads. */
function tellersOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => textOf(`/proc/${pid}/task/${task}/children`).trim().split(' '))
    .filter((child) => child !== '' && textOf(`/proc/${child}/cmdline`).includes('NOTIFY_SOCKET'));
}
/** Of a thread or a process that may have ended since it was listed. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

let dir = '';
let listener: ChildProcess | null = null;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosu-notify-'));
});
afterEach(() => {
  listener?.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

// Who tells it is waited for no longer than half a second: of a few tries in one it does not stand still for that long.
it('tells systemd that it is ready, that its loop turns, and that it stops', { retry: 3 }, async () => {
  const path = join(dir, 'notify');
  let heard = '';
  listener = spawn('perl', ['-e', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  listener.stdout?.on('data', (chunk) => {
    heard += String(chunk);
  });
  await expect.poll(() => heard).toBe('open\n');
  const manager = serviceManager({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' });
  manager.ready();
  await expect.poll(() => heard).toMatch(/^open\nREADY=1\n(WATCHDOG=1\n){2,}/);
  const tellers = tellersOf(process.pid);
  expect(tellers).toHaveLength(1);
  manager.stopping();
  // We live on: what is left behind us when we end would be in the way of whoever removes our unit.
  await manager.gone();
  expect(tellersOf(process.pid)).toEqual([]);
  await expect.poll(() => heard).toMatch(/STOPPING=1\n$/);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([heard.endsWith('STOPPING=1\n'), tellersOf(process.pid)]).toEqual([true, []]);
});

it('waits for whoever told it no longer than half a second, and ends it then', async () => {
  const path = join(dir, 'stopped');
  const manager = serviceManager({ NOTIFY_SOCKET: path });
  manager.ready();
  await expect.poll(() => tellersOf(process.pid)).toHaveLength(1);
  process.kill(Number(tellersOf(process.pid)[0]), 'SIGSTOP');
  manager.stopping();
  await manager.gone();
  expect(tellersOf(process.pid)).toEqual([]);
});

it('says nothing where no systemd started it', async () => {
  const manager = serviceManager({});
  manager.ready();
  manager.stopping();
  await manager.gone();
});
