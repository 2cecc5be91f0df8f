import { request } from 'node:https';
import { SILENT_LOG } from '@yosugara/kernel';
import { ReceiverReportSchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { RelpClient } from '../../../libs/receivers/src/testing/relp-client.js';
import { startReceiver } from './index.js';
import { newest, twoReceivers } from './testing/two-receivers.js';

const TOKEN = 'a-token-of-the-spec-0123456789';
const soon = { timeout: 60_000, interval: 10 };
const receivers = await twoReceivers({ third: 78, token: TOKEN });
const { address, ports, closers, configs, start } = receivers;
const post = async (body: unknown) =>
  await new Promise<number>((resolve, reject) => {
    const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
    const call = request(
      {
        host: address.a,
        port: ports.customTrap,
        path: '/custom-trap',
        method: 'POST',
        agent: false,
        ca: receivers.ca.ca,
        headers,
      },
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
    const client = new RelpClient({ host: address.a, port: ports.relp });
    closers.push(() => client.socket.destroy());
    client.open();
    client.say('syslog', '<13>by relp');
    let status = 0;
    const traps = [
      { key: 'disk', message: 'full' },
      { key: 'cpu', type: 'number', message: 97 },
    ];
    // Whoever is told to come again, since it took longer than 10 s, does.
    const told = async (): Promise<number> => await post(traps).then((got) => (got === 503 ? told() : got));
    void told().then((got) => {
      status = got;
    });
    await expect.poll(() => newest(a.watermark(), 'own')?.durableSeq, soon).toBe(3);
    await expect.poll(() => client.answers.length, soon).toBe(1);
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
      const client = new RelpClient({ host: address.a, port: ports.relp });
      closers.push(() => client.socket.destroy());
      await expect.poll(() => client.isClosed, soon).toBe(true);
    }
    await expect.poll(() => said.filter(([event]) => event === 'receiver.refused').length, soon).toBe(1);
    expect(a.report().sources).toMatchObject([
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
    const tls = { keyFile: receivers.ca.issue('x').keyFile, certFile: receivers.ca.issue('y').certFile };
    await expect(startReceiver(configs({ tls }).a, SILENT_LOG, () => undefined)).rejects.toThrow(
      `receiver.tls: ${tls.keyFile} is not the key of the certificate in ${tls.certFile}`,
    );
  });
});
