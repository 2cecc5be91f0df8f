import { createServer, type Server, type Socket } from 'node:net';
import type { SyslogPayload } from '@yosugara/operations';
import { Daemons, freePort, freePorts, RSYSLOGD, standStill, startRsyslog, TestAuthority } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendSyslog } from './syslog.js';
import { TOLD, within } from './testing/counterparts.js';

const line = (change: Partial<SyslogPayload>): SyslogPayload => ({
  ...{
    kind: 'syslog',
    host: '127.0.0.1',
    port: 0,
    transport: 'udp',
    facility: 16,
    severity: 2,
    message: 'no answer',
    timeoutMs: 5_000,
  },
  tls: { ca: null, serverName: null },
  ...change,
});
const send = async (change: Partial<SyslogPayload>, deadlineMs = 60_000) =>
  await sendSyslog(line(change), TOLD, within(deadlineMs));

describe.skipIf(RSYSLOGD === null)('a line to a real rsyslogd (Debian: rsyslog, rsyslog-gnutls)', () => {
  const parts = new Daemons('syslog');
  const authority = new TestAuthority();
  let [udp, tcp, tls] = [0, 0, 0];
  let lines: () => readonly string[];
  beforeAll(async () => {
    [udp = 0, tcp = 0, tls = 0] = await freePorts(3);
    const { certFile, keyFile } = authority.issue('log', ['DNS:log.example']);
    lines = await startRsyslog(
      parts,
      `global(defaultNetstreamDriverCAFile="${authority.caFile}" defaultNetstreamDriverCertFile="${certFile}" defaultNetstreamDriverKeyFile="${keyFile}")
module(load="imudp")
module(load="imptcp")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imudp" address="127.0.0.1" port="${udp}")
input(type="imptcp" address="127.0.0.1" port="${tcp}")
input(type="imtcp" address="127.0.0.1" port="${tls}")`,
      tcp,
    );
  });
  afterAll(async () => {
    await parts.stop();
    authority.remove();
  });
  const at = (message: string) => lines().find((each) => each.endsWith(message));
  const arrived = async (message: string) => {
    await expect.poll(() => at(message)).toBeDefined();
    return at(message)?.split('|') ?? [];
  };

  it('by UDP has facility, severity, application, id and message', async () => {
    expect(await send({ port: udp, message: 'by udp' })).toEqual({ kind: 'accepted' });
    const [pri, , app, msgId, data, text] = await arrived('by udp');
    expect([pri, app, msgId, text]).toEqual(['130', 'yosugara', 'ping', 'by udp']);
    expect(data).toContain('id="ping/web1///1000/ops"');
  });
  it('by TCP is one line, whatever is in it', async () => {
    expect(await send({ port: tcp, transport: 'tcp', message: '機器 12 <34>1 - by tcp' })).toEqual({ kind: 'accepted' });
    expect((await arrived('by tcp')).at(-1)).toBe('機器 12 <34>1 - by tcp');
  });
  it('by TLS goes only to who has the certificate', async () => {
    const ca = authority.ca.toString();
    const to = { port: tls, transport: 'tls' } as const;
    expect(await send({ ...to, message: 'by tls', tls: { ca, serverName: 'log.example' } })).toEqual({ kind: 'accepted' });
    await arrived('by tls');
    expect(await send({ ...to, message: 'wrong name', tls: { ca, serverName: 'other.example' } })).toMatchObject({
      kind: 'retry',
      why: expect.stringContaining('log.example'),
    });
    expect(await send({ ...to, message: 'wrong ca', tls: { ca: null, serverName: 'log.example' } })).toMatchObject({
      kind: 'retry',
    });
    expect(lines().filter((each) => each.includes('wrong'))).toEqual([]);
  });
});

describe('a line by TCP', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  async function listening(each: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => each(socket.on('error', () => undefined)));
    servers.push(server);
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return port;
  }
  it('is counted in octets', async () => {
    let got = '';
    const port = await listening((socket) => socket.setEncoding('latin1').on('data', (text: string) => (got += text)));
    await send({ port, transport: 'tcp', message: '機' });
    await expect.poll(() => got).toContain('] ');
    const [, count, frame] = /^(\d+) (.*)$/s.exec(got) ?? [];
    expect(frame?.length).toBe(Number(count));
  });
  it('is to be sent again when nobody listens', async () =>
    expect(await send({ port: await freePort(), transport: 'tcp' })).toMatchObject({
      kind: 'retry',
      why: expect.stringContaining('refused'),
    }));
  it('is to be sent again when the connection is reset before it was read', async () => {
    const port = await listening((socket) => void socket.resetAndDestroy());
    expect((await send({ port, transport: 'tcp', message: 'x'.repeat(8_000) })).kind).toBe('retry');
  });
  it('is to be sent again when it was reset while we stood still: the end of the wait is no silence before that was heard', async () => {
    const port = await listening((socket) => {
      socket.once('data', () => {
        socket.resetAndDestroy();
        standStill(1_200);
      });
    });
    expect((await send({ port, transport: 'tcp' })).kind).toBe('retry');
  });
  it('is taken as accepted when the other side says nothing at all, as many do', async () => {
    const port = await listening((socket) => void socket.pause());
    expect((await send({ port, transport: 'tcp' })).kind).toBe('accepted');
  });
});
