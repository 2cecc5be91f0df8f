import { startChrony, startDnsmasq, startDovecot, startPostfix, startVsftpd } from '@yosugara/testkit';
import { ANY, type StandKind, standOf, type Watched, watch } from './stand.js';

const port = (service: string, at: number, daemon: string, from: string, more: object = {}): Watched =>
  watch(`port-${service}`, daemon, from, {
    ...{ type: 'port', check: { service, port: at, verifyTls: false, ...more }, numeric: ANY },
  });

/** What is asked at its port, in its own language. */
export const SERVICES: readonly StandKind[] = [
  {
    name: 'vsftpd',
    start: async ({ host }) => {
      const daemons = host.daemons('vsftpd');
      const ftp = await startVsftpd(daemons);
      return standOf(daemons, [port('ftp', ftp.port, 'vsftpd', 'vsftpd')]);
    },
  },
  {
    name: 'postfix',
    start: async ({ host, certificate }) => {
      const daemons = host.daemons('postfix');
      const { smtp, smtps } = await startPostfix(daemons, certificate);
      return standOf(daemons, [port('smtp', smtp, 'postfix', 'postfix'), port('smtps', smtps, 'postfix', 'postfix')]);
    },
  },
  {
    name: 'dovecot',
    start: async ({ host, certificate }) => {
      const daemons = host.daemons('dovecot');
      const { pop3, pop3s, imap, imaps } = await startDovecot(daemons, certificate);
      return standOf(daemons, [
        port('pop3', pop3, 'dovecot', 'dovecot-pop3d'),
        port('pop3s', pop3s, 'dovecot', 'dovecot-pop3d'),
        port('imap', imap, 'dovecot', 'dovecot-imapd'),
        port('imaps', imaps, 'dovecot', 'dovecot-imapd'),
      ]);
    },
  },
  {
    name: 'chrony',
    start: async ({ host }) => {
      const daemons = host.daemons('chrony');
      const time = await startChrony(daemons, 'local stratum 8');
      return standOf(daemons, [port('ntp', time.port, 'chronyd', 'chrony')]);
    },
  },
  {
    name: 'dnsmasq',
    start: async ({ host }) => {
      const daemons = host.daemons('dnsmasq');
      const names = await startDnsmasq(daemons, ['address=/web.example/192.0.2.1']);
      return standOf(daemons, [port('dns', names.port, 'dnsmasq', 'dnsmasq-base', { query: 'web.example' })]);
    },
  },
];
