import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

/*
 * Files below docs/senders as their own programs read them. That they also send rightly is looked at elsewhere: rsyslog in
 * `senders.spec.ts` and in the lab, syslog-ng in the lab, snmpd and notify-both.sh in libs/receivers/src/snmp.
 */
const DOCS = fileURLToPath(new URL('../../../docs/senders/', import.meta.url));
/** Where `npm run lab` unpacks syslog-ng, which Debian does not let be installed beside rsyslog. */
const UNPACKED = fileURLToPath(new URL('../../../.yosugara/tools/syslog-ng/', import.meta.url));
const LIBRARIES = '/usr/lib';

const firstOf = (...paths: readonly string[]) => paths.find((path) => existsSync(path));
const RSYSLOGD = firstOf('/usr/sbin/rsyslogd', '/sbin/rsyslogd', '/usr/local/sbin/rsyslogd');
const UNPACKED_NG = join(UNPACKED, 'usr/sbin/syslog-ng');
const SYSLOG_NG = firstOf('/usr/sbin/syslog-ng', '/sbin/syslog-ng', '/usr/local/sbin/syslog-ng', UNPACKED_NG);

const dir = mkdtempSync(join(tmpdir(), 'yosugara-sender-files-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Said {
  readonly code: number | string | null;
  readonly text: string;
}
const say = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Said> =>
  new Promise((resolve) => {
    execFile(program, args, { env: { ...process.env, ...env }, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? null), text: `${out}${err}` }),
    );
  });

const filesOf = (program: string) => readdirSync(join(DOCS, program)).filter((name) => name.endsWith('.conf'));
const textOf = (path: string) =>
  readFileSync(join(DOCS, path), 'utf8').replace(/"\/[\w./-]*yosugara-ca\.crt"/g, '"/etc/ssl/certs/ca-certificates.crt"');

const hasModule = (name: string) =>
  readdirSync(LIBRARIES).some((folder) => existsSync(join(LIBRARIES, folder, 'rsyslog', `${name}.so`)));
/** Modules that a file asks for and that another Debian package brings: rsyslog-relp, rsyslog-gnutls. */
const modulesOf = (text: string) => [
  ...[...text.matchAll(/load="(\w+)"/g)].map(([, name]) => name!),
  ...(/type="omrelp"/.test(text) ? ['omrelp'] : []),
  ...(/gtls/.test(text) ? ['lmnsd_gtls'] : []),
];

async function readByRsyslog(name: string, text: string): Promise<Said> {
  const file = join(dir, name);
  // Where a file only reads, as that for journald, there must be something that it is read for.
  const sends = text.includes('action(') ? '' : `\naction(type="omfile" file="${join(dir, 'out')}")\n`;
  writeFileSync(file, `global(workDirectory="${dir}")\n${text}${sends}`);
  return await say(RSYSLOGD!, ['-N1', '-f', file]);
}

describe.skipIf(RSYSLOGD === undefined)('rsyslogd', () => {
  it.for(filesOf('rsyslog'))('finds nothing wrong in docs/senders/rsyslog/%s', async (name, { skip }) => {
    const text = textOf(`rsyslog/${name}`);
    skip(!modulesOf(text).every(hasModule), 'a module of another package is not installed');
    const { code, text: said } = await readByRsyslog(name, text);
    expect(said).not.toMatch(/error|not known|warning/i);
    expect(code).toBe(0);
  });
  it('would find a parameter that it does not know', async () => {
    const { code, text } = await readByRsyslog('wrong.conf', textOf('rsyslog/udp-both.conf').replace('target=', 'targett='));
    expect([code, text]).toEqual([1, expect.stringContaining("parameter 'targett' not known")]);
  });
});

function readBySyslogNg(name: string, text: string): Promise<Said> {
  const file = join(dir, `ng-${name}`);
  const source = 'source s_src { network(ip("127.0.0.1") port(0) transport("tcp")); };';
  writeFileSync(file, `@version: 3.35\n${source}\n${text.replace(/dir\("[^"]*"\)/, `dir("${dir}")`)}`);
  const args = ['--syntax-only', '--no-caps', '-f', file, '--persist-file', join(dir, 'persist')];
  if (SYSLOG_NG !== UNPACKED_NG) return say(SYSLOG_NG!, args);
  const machine = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as string] ?? '';
  const modules = join(UNPACKED, JSON.parse(readFileSync(join(UNPACKED, 'modules.json'), 'utf8')) as string);
  const libraries = ['usr/lib/syslog-ng', `usr/lib/${machine}`, `lib/${machine}`].map((path) => join(UNPACKED, path)).join(':');
  return say(SYSLOG_NG, [...args, '--module-path', modules], { LD_LIBRARY_PATH: libraries });
}

describe.skipIf(SYSLOG_NG === undefined)('syslog-ng', () => {
  it.each(filesOf('syslog-ng'))('finds nothing wrong in docs/senders/syslog-ng/%s', async (name) => {
    const { code, text } = await readBySyslogNg(name, textOf(`syslog-ng/${name}`));
    expect(text).not.toMatch(/error/i);
    expect(code).toBe(0);
  });
  it('would find an option that it does not know', async () => {
    const text = textOf('syslog-ng/udp-both.conf').replace('port(514)', 'port(514) portt(514)');
    expect((await readBySyslogNg('wrong.conf', text)).code).not.toBe(0);
  });
});
