import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, SILENT_LOG } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema, ReceiverReportSchema } from '@yosugara/protocol';
import { freePorts } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestAuthority } from '../../../libs/receivers/src/testing/certificates.js';
import { RelpClient } from '../../../libs/receivers/src/testing/relp-client.js';
import { type RunningReceiver, startReceiver } from './index.js';

const ADDRESS = { a: '127.0.78.1', b: '127.0.78.2' } as const;
const [syslog = 0, trap = 0, journal = 0, syslogTls = 0, relp = 0, customTrap = 0] = await freePorts(6);
const PORTS = { syslog, trap, journal, syslogTls, relp, customTrap };
const TOKEN = 'a-token-of-the-spec-0123456789';
const soon = { timeout: 30_000, interval: 10 };
const closers: (() => unknown)[] = [];
let root = '';
let ca: TestAuthority;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'yosugara-acknowledged-'));
  ca = new TestAuthority();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  ca.remove();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

let cluster = 0;
function configs(receiver: object = {}): Record<'a' | 'b', NodeConfig> {
  const dir = join(root, String(++cluster));
  const config = (node: 'a' | 'b') => {
    const stateDir = join(dir, node);
    mkdirSync(join(stateDir, 'secrets'), { recursive: true });
    const { keyFile, certFile } = ca.issue(node, [`IP:${ADDRESS[node]}`]);
    const files = { 'tls.key': keyFile, 'tls.crt': certFile, 'ca.crt': ca.caFile };
    for (const [to, from] of Object.entries(files)) copyFileSync(from, join(stateDir, 'secrets', to));
    writeFileSync(join(stateDir, 'secrets/custom-trap-tokens'), `${TOKEN}\n`);
    const members = (['a', 'b'] as const).map((id) => ({ id, kind: 'data', address: ADDRESS[id], peerId: id }));
    return NodeConfigSchema.parse({
      ...{ cluster: { id: 'test', members }, node, ports: PORTS, stateDir, dataDir: stateDir },
      receiver: { maxJournalMb: 64, receiveBufferBytes: 262_144, ...receiver },
    });
  };
  return { a: config('a'), b: config('b') };
}
async function start(config: NodeConfig, log: Log = SILENT_LOG): Promise<RunningReceiver> {
  const receiver = await startReceiver(config, log, (error) => expect.fail(error.message));
  closers.push(() => receiver.stop());
  return receiver;
}
const post = async (body: unknown) =>
  await new Promise<number>((resolve, reject) => {
    const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
    const call = request(
      { host: ADDRESS.a, port: customTrap, path: '/custom-trap', method: 'POST', agent: false, ca: ca.ca, headers },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    closers.push(() => call.destroy());
    call.once('error', reject);
    call.end(JSON.stringify(body));
  });

describe('a receiver that is alone', () => {
  it('tells RELP and HTTP senders that their messages are safe when the other one has them, too', async () => {
    const config = configs();
    const a = await start(config.a);
    const client = new RelpClient({ host: ADDRESS.a, port: relp });
    closers.push(() => client.socket.destroy());
    client.open();
    client.say('syslog', '<13>by relp');
    let status = 0;
    void post([
      { key: 'disk', message: 'full' },
      { key: 'cpu', type: 'number', message: 97 },
    ]).then((got) => {
      status = got;
    });
    const own = () => a.watermark().journals.findLast(({ side }) => side === 'own');
    await expect.poll(() => own()?.durableSeq, soon).toBe(3);
    expect([client.answers, status]).toEqual([['1: 200 OK'], 0]);
    await start(config.b);
    await expect.poll(() => client.answers, soon).toEqual(['1: 200 OK', '2: 200 OK']);
    await expect.poll(() => status, soon).toBe(200);
    const report = ReceiverReportSchema.parse(a.report());
    expect(report.listeners?.map(({ protocol, received }) => `${protocol} ${received}`)).toEqual([
      ...['udp 0', 'tcp 0', 'udp 0', 'tls 0', 'relp 1', 'http 2'],
    ]);
    expect(report.sources).toMatchObject([{ address: '127.0.0.1', received: 3, slowed: 0, refused: {} }]);
  });
});

describe('what is refused', () => {
  it('is one event for each reason and source, not one a message, and in the report', async () => {
    const said: [string, unknown][] = [];
    const log = { ...SILENT_LOG, warn: (event: string, fields?: object) => void said.push([event, fields]) };
    const { a: config } = configs({ allow: ['10.0.0.0/8'] });
    const a = await start(config, log);
    for (let at = 0; at < 5; at++) {
      const client = new RelpClient({ host: ADDRESS.a, port: relp });
      closers.push(() => client.socket.destroy());
      await expect.poll(() => client.isClosed, soon).toBe(true);
    }
    await expect.poll(() => said.filter(([event]) => event === 'receiver.refused').length, soon).toBe(1);
    expect(a.report().sources).toEqual([
      { address: '127.0.0.1', received: 0, connections: 0, slowed: 0, refused: { not_allowed: 5 } },
    ]);
  });
});

describe('starting', () => {
  it.each([
    [
      'a key that is not there',
      { tls: { keyFile: '/nowhere/key', certFile: '/nowhere/crt' } },
      'receiver.tls: keyFile: cannot read /nowhere/key',
    ],
    [
      'tokens that are not there',
      { http: { tokensFile: '/nowhere/tokens' } },
      'the tokens of custom traps in /nowhere/tokens: cannot read the file',
    ],
  ])('says in one line what is wrong with %s', async (_, receiver, says) => {
    await expect(startReceiver(configs(receiver).a, SILENT_LOG, () => undefined)).rejects.toThrow(says);
  });
  it('says that a key and a certificate are not of one another', async () => {
    const tls = { keyFile: ca.issue('x').keyFile, certFile: ca.issue('y').certFile };
    await expect(startReceiver(configs({ tls }).a, SILENT_LOG, () => undefined)).rejects.toThrow(
      `receiver.tls: ${tls.keyFile}, ${tls.certFile}, `,
    );
  });
});
