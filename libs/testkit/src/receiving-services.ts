import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemons, findSystemProgram } from './daemons.js';
import { freePort } from './ports.js';

/** Daemons of Debian that are told something, as this project's notifications meet them. */

/** Debian: python3-aiosmtpd. */
export const AIOSMTPD = findSystemProgram('aiosmtpd');
/** Debian: rsyslog. */
export const RSYSLOGD = findSystemProgram('rsyslogd');
/** Debian: snmptrapd. */
export const SNMPTRAPD = findSystemProgram('snmptrapd');

export interface MailBox {
  readonly port: number;
  readonly child: ChildProcess;
  mails(): readonly string[];
  /** With the time at which each was taken, in ms since 1970; only those that `known` has not: then they are added there. */
  newMails(known: Set<string>): readonly { readonly text: string; readonly atMs: number }[];
}

/** A real SMTP server, its mails as files. */
export async function startSmtp(daemons: Daemons, ...more: readonly string[]): Promise<MailBox> {
  return await startSmtpAt(daemons, await freePort(), ...more);
}

export async function startSmtpAt(daemons: Daemons, port: number, ...more: readonly string[]): Promise<MailBox> {
  const box = join(daemons.dir, `mail-${port}`);
  const args = ['-n', '-l', `${daemons.address}:${port}`, ...more, '-c', 'aiosmtpd.handlers.Mailbox', box];
  // With TLS from the first byte it would complain of whoever only knocks: that is its port, too.
  const child = await daemons.start({ program: AIOSMTPD!, args, ready: port });
  const mails = () => {
    const at = join(box, 'new');
    return existsSync(at) ? readdirSync(at).map((name) => readFileSync(join(at, name), 'utf8')) : [];
  };
  const newMails = (known: Set<string>) => {
    const at = join(box, 'new');
    const fresh = existsSync(at) ? readdirSync(at).filter((name) => !known.has(name)) : [];
    return fresh.map((name) => {
      known.add(name);
      return { text: readFileSync(join(at, name), 'utf8'), atMs: statSync(join(at, name)).mtimeMs };
    });
  };
  return { port, child, mails, newMails };
}

/** @param inputs of its configuration. @returns the lines that it wrote. */
export async function startRsyslog(daemons: Daemons, inputs: string, port: number): Promise<() => readonly string[]> {
  const log = join(daemons.dir, 'rsyslog.log');
  const config = daemons.write(
    'rsyslog.conf',
    `global(workDirectory="${daemons.dir}" net.enableDNS="off")
${inputs}
template(name="all" type="string" string="%pri%|%hostname%|%app-name%|%msgid%|%structured-data%|%msg%\\n")
action(type="omfile" file="${log}" template="all")
`,
  );
  const args = ['-n', '-f', config, '-i', join(daemons.dir, 'rsyslog.pid')];
  await daemons.start({ program: RSYSLOGD!, args, ready: port });
  return () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []);
}

/** Names of MIBs are not looked up: Debian has not even those of the standards. */
export async function startSnmptrapd(
  daemons: Daemons,
  config: string,
): Promise<{ readonly port: number; lines(): readonly string[] }> {
  const port = await freePort();
  const log = join(daemons.dir, 'traps.log');
  const file = daemons.write('snmptrapd.conf', `${config}\ndoNotRetainNotificationLogs yes\nformat2 %P %v ~end~\\n\n`);
  const env = { SNMP_PERSISTENT_DIR: daemons.dir, SNMPCONFPATH: daemons.dir, HOME: daemons.dir };
  const args = ['-f', '-n', '-X', '-C', '-c', file, '-m', '', '-On', '-Oq', '-Lf', log, `udp:${daemons.address}:${port}`];
  await daemons.start({ program: SNMPTRAPD!, args, env, ready: () => existsSync(log) && isBound(port) });
  return { port, lines: () => readFileSync(log, 'utf8').split('~end~\n').slice(0, -1) };
}

/** Somebody listens there by UDP. */
const isBound = (port: number): boolean =>
  readFileSync('/proc/net/udp', 'utf8').includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000`);
