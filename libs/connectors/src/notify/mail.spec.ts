import { createServer, type Server } from 'node:net';
import type { MailPayload } from '@yosugara/operations';
import { type MailServerBody, MailServerBodySchema } from '@yosugara/protocol';
import { AIOSMTPD, Daemons, freePort, type MailBox, startSmtp, TestAuthority } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mailSender, messageIdOf } from './mail.js';
import { TOLD, within } from './testing/counterparts.js';

const PAYLOAD: MailPayload = {
  ...{ kind: 'mail', servers: ['m1'], to: ['ann@example.com'], cc: [], bcc: ['hidden@example.com'] },
  ...{ subject: '[critical] 機器: no answer', text: 'no answer\n.\nQUIT\n' },
};
const server = (change: Partial<MailServerBody>): MailServerBody =>
  MailServerBodySchema.parse({
    host: '127.0.0.1',
    security: 'smtp',
    from: 'yosugara@example.com',
    fromName: 'Ops',
    timeoutMs: 60_000,
    ...change,
  });
const sender = (servers: Readonly<Record<string, MailServerBody>>) =>
  mailSender({ mailServer: (id) => servers[id] ?? null, restAccess: () => null, trap: () => null });

describe.skipIf(AIOSMTPD === null)('a mail to a real SMTP server (Debian: python3-aiosmtpd)', () => {
  const parts = new Daemons('mail');
  const authority = new TestAuthority();
  const certificate = authority.issue('mail', ['DNS:mail.example', 'IP:127.0.0.1']);
  const tls = ['--tlscert', certificate.certFile, '--tlskey', certificate.keyFile];
  let plain: MailBox;
  let starttls: MailBox;
  let smtps: MailBox;
  beforeAll(async () => {
    [plain, starttls, smtps] = await Promise.all([
      startSmtp(parts),
      startSmtp(parts, ...tls),
      startSmtp(parts, '--smtpscert', certificate.certFile, '--smtpskey', certificate.keyFile),
    ]);
  });
  afterAll(async () => {
    await parts.stop();
    authority.remove();
  });

  it('arrives with the id of what is told, and nothing of it takes for a command what is in the text', async () => {
    expect(await sender({ m1: server({ port: plain.port }) })(PAYLOAD, TOLD, within(60_000))).toEqual({ kind: 'accepted' });
    await expect.poll(() => plain.mails().length).toBe(1);
    const [mail = ''] = plain.mails();
    expect(mail).toContain(`Message-ID: ${messageIdOf(TOLD.id)}`);
    expect(mail).toMatch(/^X-Yosugara-Id: ping\/web1\/\/\/1000\/ops$/im);
    expect(mail).toContain('Auto-Submitted: auto-generated');
    expect(mail).toContain('From: Ops <yosugara@example.com>');
    expect(mail).not.toContain('Bcc:');
    expect(mail).toContain('QUIT');
  });
  it('has the same id each time it is sent, and another one for anything else', () => {
    expect(messageIdOf('a')).toBe(messageIdOf('a'));
    expect(messageIdOf('a')).not.toBe(messageIdOf('b'));
    expect(messageIdOf('ping/web1/"x>\r\n/1')).toMatch(/^<[0-9a-f]{40}@yosugara>$/);
  });
  it('goes by STARTTLS, with the certificate looked at', async () => {
    const by = { port: starttls.port, security: 'starttls', ca: authority.ca.toString() } as const;
    expect(await sender({ m1: server(by) })(PAYLOAD, TOLD, within(60_000))).toEqual({ kind: 'accepted' });
    const unknown = await sender({ m1: server({ ...by, ca: null }) })(PAYLOAD, TOLD, within(60_000));
    expect(unknown).toMatchObject({ kind: 'retry', why: expect.stringMatching(/certificate/i) });
    expect(starttls.mails()).toHaveLength(1);
  });
  it('is not sent in the clear when STARTTLS is asked for and not offered', async () => {
    const before = plain.mails().length;
    const sent = await sender({ m1: server({ port: plain.port, security: 'starttls' }) })(PAYLOAD, TOLD, within(60_000));
    expect(sent).toMatchObject({ kind: 'retry', why: expect.stringMatching(/STARTTLS/i) });
    expect(plain.mails()).toHaveLength(before);
  });
  it('goes by TLS from the first byte', async () => {
    const by = server({ port: smtps.port, security: 'smtps', ca: authority.ca.toString() });
    expect(await sender({ m1: by })(PAYLOAD, TOLD, within(60_000))).toEqual({ kind: 'accepted' });
    expect(smtps.mails()).toHaveLength(1);
  });
  it('goes by the next server when the first one is away, and by that one at once the next time', async () => {
    const servers = { m1: server({ port: await freePort() }), m2: server({ port: plain.port }) };
    const send = sender(servers);
    const before = plain.mails().length;
    const payload = { ...PAYLOAD, servers: ['gone', 'm1', 'm2'] };
    expect(await send(payload, TOLD, within(60_000))).toEqual({ kind: 'accepted' });
    expect(await send(payload, TOLD, within(60_000))).toEqual({ kind: 'accepted' });
    await expect.poll(() => plain.mails().length).toBe(before + 2);
  });
});

describe('a mail server', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const each of servers.splice(0)) each.close();
  });
  /** For what no honest server says. @param says by the first word of a command. */
  async function smtp(says: Readonly<Record<string, string>>, greeting: string | null = '220 test'): Promise<number> {
    const listening = createServer((socket) => {
      socket.on('error', () => undefined);
      if (greeting !== null) socket.write(`${greeting}\r\n`);
      socket.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\r\n').filter((each) => each !== '')) {
          const answer = says[line.split(/[ :]/)[0]!.toUpperCase()] ?? says['*'];
          if (answer !== undefined && greeting !== null) socket.write(`${answer}\r\n`);
        }
      });
    });
    servers.push(listening);
    const port = await freePort();
    await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
    return port;
  }
  it('that refuses the recipient for good ends it; one that says later does not', async () => {
    const by = async (code: string) => {
      const port = await smtp({ EHLO: '250 test', MAIL: '250 ok', RCPT: code, QUIT: '221 bye', RSET: '250 ok' });
      return await sender({ m1: server({ port }) })({ ...PAYLOAD, bcc: [] }, TOLD, within(60_000));
    };
    expect(await by('550 5.1.1 no such mailbox')).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('no such mailbox'),
    });
    expect(await by('450 4.2.0 greylisted')).toMatchObject({ kind: 'retry', why: expect.stringContaining('greylisted') });
  });
  it('that refuses the mail for good is followed by the next one', async () => {
    const says = { EHLO: '250 test', MAIL: '250 ok', RCPT: '550 relaying denied', QUIT: '221 bye' };
    const takes = { ...says, RCPT: '250 ok', DATA: '354 go on', '.': '250 taken' };
    const all = { m1: server({ port: await smtp(says) }), m2: server({ port: await smtp(takes) }) };
    expect(await sender(all)({ ...PAYLOAD, servers: ['m1', 'm2'] }, TOLD, within(60_000))).toEqual({ kind: 'accepted' });
  });
  it('that keeps silent is given up at its deadline, and its connection closed', async () => {
    const port = await smtp({}, null);
    const begun = performance.now();
    const sent = await sender({ m1: server({ port, timeoutMs: 1_000 }) })(PAYLOAD, TOLD, within(60_000));
    expect(sent).toMatchObject({ kind: 'retry' });
    // By its own deadline, and not by that of the whole, which is a minute.
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
  it('is left at once when this node may not send any more', async () => {
    const port = await smtp({}, null);
    const cut = new AbortController();
    const sending = sender({ m1: server({ port, timeoutMs: 300_000 }) })(PAYLOAD, TOLD, within(300_000, cut.signal));
    cut.abort();
    // Nothing else would end it before this spec is given up.
    expect((await sending).kind).toBe('retry');
  });
  it('never has its password in what is said', async () => {
    const port = await smtp({ EHLO: '250-test\r\n250 AUTH PLAIN LOGIN', AUTH: '535 wrong', QUIT: '221 bye', '*': '535 no' });
    const sent = await sender({ m1: server({ port, user: 'ann', password: 'hunter2hunter2' }) })(PAYLOAD, TOLD, within(60_000));
    expect(sent.kind).toBe('retry');
    expect(JSON.stringify(sent)).not.toMatch(/hunter2|aHVudGVy/);
  });
});
