import { createServer, type Server, type Socket } from 'node:net';
import type { MailPayload } from '@yosugara/operations';
import { type MailServerBody, MailServerBodySchema } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { mailSender } from './mail.js';
import { MailConnections, type MailConnectionsOptions } from './mail-connections.js';
import { TOLD, within } from './testing/counterparts.js';
import { CountingServer } from './testing/smtp-server.js';

const PAYLOAD: MailPayload = {
  ...{ kind: 'mail', servers: ['m1'], to: ['ann@example.com'], cc: [], bcc: [] },
  ...{ subject: 'no answer', text: 'no answer' },
};
const WELL = { kind: 'accepted' };
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function begun(server: CountingServer, change: Partial<MailServerBody> = {}, options: MailConnectionsOptions = {}) {
  const connections = new MailConnections(options);
  const port = await server.listen();
  undo.push(
    () => server.stop(),
    () => connections.release(),
  );
  const settings = { host: '127.0.0.1', port, security: 'smtp', from: 'yosugara@example.com', timeoutMs: 60_000 } as const;
  let body = MailServerBodySchema.parse({ ...settings, ...change });
  const set = (more: Partial<MailServerBody>) => {
    body = { ...body, ...more };
  };
  const send = mailSender({ mailServer: () => body, restAccess: () => null, trap: () => null }, connections);
  const mail = async (number: number, deadline = within(60_000), payload: Partial<MailPayload> = {}) =>
    await send({ ...PAYLOAD, subject: `mail ${number}`, ...payload }, { ...TOLD, id: `told/${number}` }, deadline);
  return { connections, mail, set };
}
const numbers = ({ mails }: CountingServer) => mails.map((text) => Number(/^Subject: mail (\d+)/m.exec(text)?.[1]));
/** Until it is opened. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('connections to a mail server', () => {
  it('are kept: mails that follow each other go by one, in their order', async () => {
    const server = new CountingServer();
    const { mail } = await begun(server);
    for (const number of [1, 2, 3, 4, 5]) expect(await mail(number)).toEqual(WELL);
    expect([server.opened, numbers(server)]).toEqual([1, [1, 2, 3, 4, 5]]);
  });
  it('are as many at once as the setting says; who comes then waits for a turn', async () => {
    const { opened, open } = gate();
    const server = new CountingServer({}, async () => await opened);
    const { mail } = await begun(server, { connections: 2 });
    const all = [1, 2, 3, 4, 5].map(async (number) => await mail(number));
    await expect.poll(() => server.open).toBe(2);
    open();
    expect(await Promise.all(all)).toEqual(Array(5).fill(WELL));
    expect([server.opened, server.mostAtOnce, numbers(server).sort()]).toEqual([2, 2, [1, 2, 3, 4, 5]]);
  });
  it('are not waited for longer than the mail has time, and then nothing of it was sent', async () => {
    const { opened, open } = gate();
    const server = new CountingServer({}, async () => await opened);
    const { mail } = await begun(server, { connections: 1 });
    const first = mail(1);
    await expect.poll(() => server.open).toBe(1);
    expect(await mail(2, within(100))).toMatchObject({ kind: 'retry', why: expect.stringContaining('1 connection') });
    open();
    expect(await first).toEqual(WELL);
    expect(numbers(server)).toEqual([1]);
  });
  it('that the server closed meanwhile are replaced, and the mail is there once', async () => {
    const server = new CountingServer();
    const { mail } = await begun(server);
    await mail(1);
    server.cut();
    expect(await mail(2)).toEqual(WELL);
    expect([server.opened, numbers(server)]).toEqual([2, [1, 2]]);
  });
  it('are closed when nobody used them for some time', async () => {
    const server = new CountingServer();
    const { mail } = await begun(server, {}, { idleMs: 50 });
    await mail(1);
    await expect.poll(() => server.open).toBe(0);
    expect(await mail(2)).toEqual(WELL);
  });
  it('are closed when this node stops, and those in use afterwards', async () => {
    const { opened, open } = gate();
    const server = new CountingServer({}, async (text) => (text.includes('mail 2') ? await opened : undefined));
    const { mail, connections } = await begun(server, { connections: 2 });
    const second = mail(2);
    await mail(1);
    connections.release();
    await expect.poll(() => server.open).toBe(1);
    open();
    expect(await second).toEqual(WELL);
    await expect.poll(() => server.open).toBe(0);
    expect(await mail(3)).toEqual(WELL);
  });
  it('are closed after so many mails', async () => {
    const server = new CountingServer();
    const { mail } = await begun(server, {}, { mails: 2 });
    for (const number of [1, 2, 3, 4, 5]) await mail(number);
    expect(server.opened).toBe(3);
  });
  it('of older settings are not used any more', async () => {
    const server = new CountingServer();
    const { mail, set } = await begun(server);
    await mail(1);
    set({ from: 'other@example.com' });
    await mail(2);
    await expect.poll(() => server.open).toBe(1);
    expect(server.opened).toBe(2);
  });
  it('are not used again after a mail was refused; the next one arrives', async () => {
    const server = new CountingServer({
      onRcptTo: ({ address }, _, done) =>
        done(address.startsWith('nobody') ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null),
    });
    const { mail } = await begun(server);
    expect(await mail(1, within(60_000), { to: ['nobody@example.com'] })).toMatchObject({ kind: 'refused' });
    expect(await mail(2, within(60_000), { to: ['nobody@example.com', 'ann@example.com'] })).toMatchObject({
      kind: 'accepted',
      note: expect.stringContaining('nobody@example.com'),
    });
    expect(await mail(3)).toEqual(WELL);
    expect([numbers(server), server.opened]).toEqual([[2, 3], 2]);
  });
  it('are cut off with a mail that may not be sent any more, and their places are free', async () => {
    const { opened, open } = gate();
    const server = new CountingServer({}, async (text) => (text.includes('mail 1') ? await opened : undefined));
    const { mail } = await begun(server, { connections: 1 });
    const cut = new AbortController();
    const first = mail(1, within(60_000, cut.signal));
    await expect.poll(() => server.open).toBe(1);
    cut.abort();
    expect(await first).toMatchObject({ kind: 'retry' });
    expect(await mail(2)).toEqual(WELL);
    open();
  });
});

describe('a kept connection', () => {
  /** Takes mails, until `later` says what it answers to a command; null = nothing at all. */
  async function server(
    later: (command: string) => string | null | undefined,
  ): Promise<{ port: number; taken: () => number; opened: () => number }> {
    let [taken, opened] = [0, 0];
    const says: Readonly<Record<string, string>> = { DATA: '354 go on', QUIT: '221 bye' };
    const sockets = new Set<Socket>();
    const listening: Server = createServer((socket) => {
      sockets.add(socket);
      const isFirst = opened++ === 0;
      let isText = false;
      socket.on('error', () => undefined).write('220 test\r\n');
      socket.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\r\n').filter((each) => each !== '')) {
          if (isText) {
            if (line !== '.') continue;
            isText = false;
            taken++;
            socket.write('250 taken\r\n');
            continue;
          }
          const command = line.split(/[ :]/)[0]!.toUpperCase();
          const other = isFirst && taken > 0 ? later(command) : undefined;
          if (other === null) continue;
          const answer = other ?? says[command] ?? '250 ok';
          isText = answer.startsWith('354');
          socket.write(`${answer}\r\n`);
          if (answer.startsWith('421')) socket.end();
        }
      });
    });
    undo.push(() => {
      for (const socket of sockets) socket.destroy();
      listening.close();
    });
    const port = await freePort();
    await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
    return { port, taken: () => taken, opened: () => opened };
  }
  const senderTo = (port: number) => {
    const body = MailServerBodySchema.parse({ host: '127.0.0.1', port, security: 'smtp', from: 'y@example.com' });
    const connections = new MailConnections();
    undo.push(() => connections.release());
    return mailSender({ mailServer: () => body, restAccess: () => null, trap: () => null }, connections);
  };
  it.each<[string, (command: string) => string | null | undefined]>([
    ['whose server is about to close it', () => '421 too long'],
    ['whose server does not answer any more', () => null],
    ['of which the server does not want to hear', (command) => (command === 'RSET' ? '500 what?' : undefined)],
  ])('%s is left before anything of the mail is said', async (_, later) => {
    const { port, taken, opened } = await server(later);
    const send = senderTo(port);
    expect(await send(PAYLOAD, TOLD, within(60_000))).toEqual(WELL);
    expect(await send(PAYLOAD, TOLD, within(60_000))).toEqual(WELL);
    expect([taken(), opened()]).toEqual([2, 2]);
  });
});
