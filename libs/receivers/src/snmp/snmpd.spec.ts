import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeTrap, parseTrap, trapContent } from '@yosugara/operations';
import { freePorts, until } from '@yosugara/testkit';
import { afterEach, expect, it } from 'vitest';
import { AUTH_PASSPHRASE, PRIV_PASSPHRASE, TrapSink, testUser } from './testing/trap-sink.js';

const SNMPD = ['/usr/sbin/snmpd', '/sbin/snmpd', '/usr/local/sbin/snmpd'].find((path) => existsSync(path));
const DOCS = readFileSync(new URL('../../../../docs/senders/net-snmp/snmpd.conf', import.meta.url), 'utf8');
/** NET-SNMP-AGENT-MIB nsNotifyShutdown: said once when snmpd is told to end. */
const SHUTDOWN = '1.3.6.1.4.1.8072.4.0.2';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const sink = async () => {
  const opened = new TrapSink({ users: [testUser('ops', 'sha256', 'aes128')] });
  const port = await opened.open();
  closers.push(() => opened.close());
  return { opened, to: `127.0.0.1:${port}` };
};

/** snmpd with the file, one of its ways of sending switched on and the others off, to two nodes. */
async function snmpd(way: string, a: string, b: string): Promise<ChildProcess> {
  const home = mkdtempSync(join(tmpdir(), 'yosugara-snmpd-'));
  closers.push(() => rmSync(home, { recursive: true, force: true }));
  const lines = DOCS.replaceAll('a.example.org:162', a).replaceAll('b.example.org:162', b).split('\n');
  const ways = /^#?(trap2sink|informsink|trapsess) /;
  const chosen = lines.filter((line) => ways.exec(line)?.[1] === way).map((line) => line.replace(/^#/, ''));
  expect(chosen).toHaveLength(2);
  const file = join(home, 'the.conf');
  writeFileSync(file, [...lines.filter((line) => !ways.test(line)), ...chosen].join('\n'));
  const [port] = await freePorts(1);
  const env = { PATH: process.env['PATH'], SNMP_PERSISTENT_DIR: home, SNMPCONFPATH: home, HOME: home, MIBS: '' };
  const child = spawn(SNMPD!, ['-f', '-Lo', '-C', '-c', file, '-I', '-smux', `udp:127.0.0.1:${port}`], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const ended = once(child, 'exit');
  closers.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await until(() => said.includes('NET-SNMP version'));
  expect(said).not.toMatch(/Unknown token|error|Error/);
  return child;
}

it.skipIf(SNMPD === undefined).each([
  ['trap2sink', {}],
  ['informsink', {}],
  ['trapsess', { user: 'ops' }],
])('snmpd with the file of docs/senders says the same to both nodes by its %s lines', async (way, by) => {
  expect([DOCS.includes(AUTH_PASSPHRASE), DOCS.includes(PRIV_PASSPHRASE)]).toEqual([true, true]);
  const [a, b] = [await sink(), await sink()];
  const child = await snmpd(way, a.to, b.to);
  child.kill('SIGTERM');
  const last = ({ opened }: typeof a) => opened.kept.find(({ raw }) => parseTrap(raw).app === SHUTDOWN);
  await until(() => last(a) !== undefined && last(b) !== undefined);
  const contents = [a, b].map((each) => {
    const outcome = decodeTrap(last(each)!.raw);
    return outcome.kind === 'trap' ? trapContent(outcome.trap) : outcome.reason;
  });
  expect(contents[0]).toContain(SHUTDOWN);
  expect(contents[1]).toBe(contents[0]);
  expect(parseTrap(last(a)!.raw).structured?.['snmp'] ?? {}).toMatchObject(by);
  expect([a.opened.refused, b.opened.refused]).toEqual([[], []]);
  expect(b.opened.kept.length).toBe(a.opened.kept.length);
});
