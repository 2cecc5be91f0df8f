import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { serviceManager } from './service-manager.js';

/** What listens where systemd would. */
const LISTENER = `use Socket; $| = 1;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($ARGV[0])) or die; print "open\\n";
while (defined recv($s, my $word, 4096, 0)) { print "$word\\n"; }`;

const dir = mkdtempSync(join(tmpdir(), 'yosu-notify-'));
let listener: ChildProcess | null = null;
afterEach(() => {
  listener?.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

it('tells systemd that it is ready, that its loop turns, and that it stops', async () => {
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
  manager.stopping();
  await expect.poll(() => heard).toContain('STOPPING=1\n');
});

it('says nothing where no systemd started it', () => {
  const manager = serviceManager({});
  manager.ready();
  manager.stopping();
});
