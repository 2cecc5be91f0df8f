import {
  Daemons,
  findSystemProgram,
  freePorts,
  startChrony,
  startDnsmasq,
  startDovecot,
  startPostfix,
  startVsftpd,
  TestAuthority,
} from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createProbes } from '../index.js';
import { askOne, newlyOpen, node, openThings, PATTERNS, whyOf } from '../testing/asking.js';
import { serveTcp, type TestServer } from '../testing/servers.js';

const authority = new TestAuthority();
const foreign = new TestAuthority('somebody else');
const probes = createProbes({ patterns: PATTERNS, authorities: () => authority.ca.toString() });
const check = async (service: string, port: number, more: object = {}, facts: object = {}) =>
  await askOne(probes, 'port', { service, port, ...more }, { node: node(facts) });
const why = async (service: string, port: number, more: object = {}, facts: object = {}) =>
  await whyOf(probes, 'port', { service, port, ...more }, { node: node(facts) });
const TIME = { kind: 'number', number: expect.any(Number), also: 0 };

const servers: TestServer[] = [];
const says = async (...words: readonly string[]) => {
  const server = await serveTcp((socket) => {
    for (const word of words) socket.write(word);
  });
  servers.push(server);
  return server.port;
};
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(async () => {
  for (const probe of probes) await probe.close();
  authority.remove();
  foreign.remove();
});

describe('a port', () => {
  it('that is open answers, and after the look nothing is left open', async () => {
    const port = await says();
    const before = openThings();
    expect(await check('tcp', port)).toEqual(TIME);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('that is closed refuses, and it is said who', async () => {
    const [port] = await freePorts(1);
    const before = openThings();
    expect(await why('tcp', port!)).toBe(`connection refused by 127.0.0.1:${port}`);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('is tried as often as was said, and the part that failed is counted', async () => {
    let turn = 0;
    const server = await serveTcp((socket) => (turn++ === 0 ? socket.destroy() : socket.write('+OK ready\r\n')));
    servers.push(server);
    expect(await check('pop3', server.port, { count: 2, pauseMs: 1_000 })).toEqual({ ...TIME, also: 50 });
  });
  it('of an IPv6 address is written with brackets', async () => {
    const [port] = await freePorts(1);
    expect(await why('tcp', port!, {}, { addresses: ['::1'] })).toBe(`connection refused by [::1]:${port}`);
  });
  it('of a name that is in /etc/hosts is found without DNS', async () => {
    const port = await says();
    expect(await check('tcp', port, {}, { addresses: [], hostNames: ['localhost'] })).toEqual(TIME);
  });
  it('of a node without any address cannot be asked', async () =>
    expect(await why('tcp', 80, {}, { addresses: [] })).toBe('the node n1 has no address to look at'));
});

describe('a greeting', () => {
  it.each([
    ['smtp', ['554 no service here\r\n'], /refuses service: "554 no service here"/],
    ['smtp', ['421-busy\r\n', '421 later\r\n'], /refuses service: "421 later"/],
    ['ftp', ['SSH-2.0-OpenSSH_9.2\r\n'], /does not speak FTP: it said "SSH-2.0-OpenSSH_9.2"/],
    ['imap', ['* BYE overloaded\r\n'], /refuses service/],
    ['pop3', ['-ERR locked\r\n'], /refuses service/],
    ['pop3', ['* OK IMAP4rev1\r\n'], /does not speak POP3/],
    ['smtp', ['2'.repeat(9_000)], /said more than a line can hold/],
  ] as const)('of %s that is none: %j', async (service, words, expected) =>
    expect(await why(service, await says(...words))).toMatch(expected),
  );
  it.each([
    ['smtp', ['220-mail.example\r\n220-all of it\r\n', '220 ready\r\n']],
    ['ftp', ['220-Welcome\r\n 221 is no end\r\n', '220 go on\r\n']],
    ['imap', ['* preauth you are known\r\n']],
    ['pop3', ['+OK\r\n']],
    // In pieces, as TCP may bring it.
    ['smtp', ['22', '0 re', 'ady\r', '\n']],
  ] as const)('of %s is understood: %j', async (service, words) =>
    expect(await check(service, await says(...words))).toEqual(TIME),
  );
  it('that never comes is waited for so long only', async () => {
    const port = await says();
    const before = openThings();
    // A second, so that it has connected by then on a busy machine, too; again where that stood still.
    await expect
      .poll(async () => await why('smtp', port, { timeoutMs: 1_000 }), { timeout: 60_000 })
      .toBe(`the greeting of 127.0.0.1:${port}: no answer within 1000 ms`);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('of a server that hangs up is none', async () => {
    const server = await serveTcp((socket) => socket.destroy());
    servers.push(server);
    expect(await why('smtp', server.port)).toMatch(/closed the connection|connection reset/);
  });
  it('of a server that stops in the middle is none', async () => {
    const server = await serveTcp((socket) => socket.end('220 rea'));
    servers.push(server);
    expect(await why('smtp', server.port)).toBe(
      `127.0.0.1:${server.port} closed the connection in the middle of a line: "220 rea"`,
    );
  });
});

describe.skipIf(findSystemProgram('vsftpd') === null)('vsftpd (package vsftpd)', () => {
  it('up and down', async () => {
    const daemons = new Daemons('vsftpd');
    try {
      const { port, child } = await startVsftpd(daemons);
      expect(await check('ftp', port)).toEqual(TIME);
      expect(await why('smtp', port)).toMatch(/^127\.0\.0\.1:\d+ does not speak SMTP|^127\.0\.0\.1:\d+ refuses|no failure/);
      expect(await why('imap', port)).toMatch(/does not speak IMAP: it said "220 /);
      await daemons.end(child);
      expect(await why('ftp', port)).toBe(`connection refused by 127.0.0.1:${port}`);
    } finally {
      await daemons.stop();
    }
  });
});

describe.skipIf(findSystemProgram('/usr/lib/postfix/sbin/master') === null)('postfix (package postfix)', () => {
  it('up, with TLS from the beginning, and down', async () => {
    const daemons = new Daemons('postfix');
    try {
      const { smtp, smtps, child } = await startPostfix(daemons, authority.issue('mail.example', ['DNS:mail.example']));
      expect(await check('smtp', smtp)).toEqual(TIME);
      expect(await check('smtps', smtps, {}, { hostNames: ['mail.example'] })).toEqual(TIME);
      expect(await why('smtps', smtps, {}, { hostNames: ['other.example'] })).toBe(
        `the certificate of 127.0.0.1:${smtps} is for DNS:mail.example, not for other.example`,
      );
      expect(await check('smtps', smtps, { verifyTls: false }, { hostNames: ['other.example'] })).toEqual(TIME);
      expect(await why('smtps', smtp)).toMatch(/does not speak TLS/);
      await daemons.end(child);
      expect(await why('smtp', smtp)).toBe(`connection refused by 127.0.0.1:${smtp}`);
    } finally {
      await daemons.stop();
    }
  });
});

describe.skipIf(findSystemProgram('dovecot') === null || findSystemProgram('/usr/lib/dovecot/imap-login') === null)(
  'dovecot (packages dovecot-imapd, dovecot-pop3d)',
  () => {
    const daemons = new Daemons('dovecot');
    let ports: Awaited<ReturnType<typeof startDovecot>>;
    beforeAll(async () => {
      ports = await startDovecot(daemons, authority.issue('box.example', ['DNS:box.example', 'IP:127.0.0.1']));
    });
    afterAll(async () => await daemons.stop());

    it.each(['imap', 'imaps', 'pop3', 'pop3s'] as const)('%s is up', async (service) =>
      expect(await check(service, ports[service])).toEqual(TIME),
    );
    it('POP3 where IMAP is expected is no IMAP', async () =>
      expect(await why('imap', ports.pop3)).toMatch(/does not speak IMAP: it said "\+OK/));
    it('an authority that is not trusted is said', async () => {
      const others = createProbes({ patterns: PATTERNS, authorities: () => foreign.ca.toString() });
      expect(await whyOf(others, 'port', { service: 'imaps', port: ports.imaps })).toBe(
        `the certificate of 127.0.0.1:${ports.imaps} is signed by "test ca", which is not trusted here`,
      );
      for (const probe of others) await probe.close();
    });
    it('after all of that nothing is left open', async () => {
      const before = openThings();
      for (const service of ['imap', 'imaps', 'pop3', 'pop3s'] as const) await check(service, ports[service]);
      await expect.poll(() => newlyOpen(before)).toEqual([]);
    });
    it('is down', async () => {
      await daemons.end(ports.child);
      expect(await why('imaps', ports.imaps)).toBe(`connection refused by 127.0.0.1:${ports.imaps}`);
    });
  },
);

describe.skipIf(findSystemProgram('dovecot') === null)('a certificate that has ended (package dovecot-imapd)', () => {
  it('is said with its day', async () => {
    const daemons = new Daemons('dovecot-old');
    try {
      const ports = await startDovecot(daemons, authority.issue('box.example', ['IP:127.0.0.1'], -1));
      expect(await why('imaps', ports.imaps)).toMatch(
        /^the certificate of 127\.0\.0\.1:\d+ ended on \d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
      );
    } finally {
      await daemons.stop();
    }
  });
});

describe.skipIf(findSystemProgram('chronyd') === null)('chronyd (package chrony)', () => {
  it('with a clock that is set, with one that is not, and down', async () => {
    const daemons = new Daemons('chrony');
    try {
      const set = await startChrony(daemons, 'local stratum 8');
      expect(await check('ntp', set.port)).toEqual(TIME);
      await daemons.end(set.child);
      expect(await why('ntp', set.port)).toBe(`connection refused by 127.0.0.1:${set.port}`);
      const unset = await startChrony(daemons, '');
      expect(await why('ntp', unset.port)).toBe(`127.0.0.1:${unset.port} says that its clock is not set`);
    } finally {
      await daemons.stop();
    }
  });
});

describe.skipIf(findSystemProgram('dnsmasq') === null)('dnsmasq (package dnsmasq-base)', () => {
  it('with a name that is there, with one that is not, and down', async () => {
    const daemons = new Daemons('dnsmasq');
    try {
      const { port, child } = await startDnsmasq(daemons, ['address=/host.example/10.1.2.3', 'local=/nowhere.example/']);
      expect(await check('dns', port, { query: 'host.example' })).toEqual(TIME);
      expect(await check('dns', port, {}, { hostNames: ['host.example'] })).toEqual(TIME);
      expect(await why('dns', port, { query: 'nowhere.example' })).toBe(
        `127.0.0.1:${port} answers NXDOMAIN to nowhere.example A`,
      );
      await daemons.end(child);
      expect(await why('dns', port, { query: 'host.example' })).toBe(`connection refused by 127.0.0.1:${port}`);
    } finally {
      await daemons.stop();
    }
  });
});
