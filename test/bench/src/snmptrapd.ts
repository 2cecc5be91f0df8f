import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@yosugara/testkit';
import { firstFile, temporaryFolder } from './system.js';
import { PASSPHRASES, USER } from './trap-packets.js';
import { until } from './usage.js';

const PROGRAM = firstFile('/usr/sbin/snmptrapd', '/usr/local/sbin/snmptrapd');
/** Ends each notification's line: nothing else of it can hold that. */
const END = '~end~';

export interface Snmptrapd {
  readonly pid: number;
  readonly version: string;
  readonly address: string;
  readonly port: number;
  /** Notifications in its file so far. */
  written(): number;
  stop(): Promise<void>;
}

/**
 * net-snmp's daemon, notifications to a file, a line each: no MIBs, no name look-ups, no agent, and the socket buffer that ours has.
 * @param engineId of the v3 sender, hexadecimal. @returns null when it is not installed (Debian: snmptrapd).
 */
export async function startSnmptrapd(engineId: string, receiveBufferBytes: number): Promise<Snmptrapd | null> {
  if (PROGRAM === null) return null;
  const { dir, remove } = temporaryFolder('yosugara-snmptrapd-');
  const [config, file] = [join(dir, 'snmptrapd.conf'), join(dir, 'traps.log')];
  const port = await freePort();
  const address = '127.0.91.4';
  const version = /Version:\s+(\S+)/.exec(execFileSync(PROGRAM, ['-v'], { encoding: 'utf8' }))?.[1] ?? '?';
  writeFileSync(
    config,
    `authCommunity log public
createUser -e 0x${engineId} ${USER} SHA-256 "${PASSPHRASES.auth}" AES "${PASSPHRASES.priv}"
authUser log ${USER} authPriv
doNotRetainNotificationLogs yes
format2 %y-%m-%lT%h:%j:%k %B %v ${END}\\n
[snmp] serverRecvBuf ${receiveBufferBytes}
`,
    { mode: 0o600 },
  );
  const env = { PATH: process.env['PATH'] ?? '', SNMP_PERSISTENT_DIR: dir, SNMPCONFPATH: dir, HOME: dir };
  const child = spawn(
    PROGRAM,
    ['-f', '-n', '-X', '-C', '-c', config, '-m', '', '-M', dir, '-On', '-Oq', '-Lf', file, `udp:${address}:${port}`],
    { env, cwd: dir, stdio: 'ignore' },
  );
  const killNow = () => child.kill('SIGKILL');
  process.prependOnceListener('exit', killNow);
  const counter = new LineCounter(file);
  const stop = async () => {
    process.off('exit', killNow);
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    counter.close();
    remove();
  };
  try {
    await until('the start of snmptrapd', 10_000, () => existsSync(file) && statSync(file).size > 0);
    return { pid: child.pid ?? 0, version, address, port, written: () => counter.count(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Counts what ends a line, reading on from where it was. */
class LineCounter {
  readonly #path: string;
  readonly #chunk = Buffer.alloc(1_048_576);
  #fd: number | null = null;
  #at = 0;
  #found = 0;
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  count(): number {
    this.#fd ??= openSync(this.#path, 'r');
    for (let read = -1; read !== 0; this.#at += read) {
      read = readSync(this.#fd, this.#chunk, 0, this.#chunk.length, this.#at);
      const all = Buffer.concat([this.#rest, this.#chunk.subarray(0, read)]);
      let from = 0;
      for (let at = all.indexOf(END); at >= 0; at = all.indexOf(END, from)) {
        this.#found++;
        from = at + END.length;
      }
      this.#rest = Buffer.from(all.subarray(Math.max(from, all.length - END.length + 1)));
    }
    return this.#found;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
  }
}
