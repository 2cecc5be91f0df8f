import { connect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import { contextOf } from './authorities.js';
import { type Look, ProbeFailure } from './look.js';
import { addressOf, type Family } from './names.js';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly family?: Family | undefined;
}

export interface TlsCheck {
  /** false: whoever answers is believed. */
  readonly verify: boolean;
  /** PEM of the authorities that are trusted in place of the system's. */
  readonly caPem?: string | undefined;
  /** The name that the certificate must carry; the target's host otherwise. */
  readonly serverName?: string | undefined;
}

export const label = ({ host, port }: Target): string => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`);

/** A TCP connection, closed with the look. @throws ProbeFailure */
export async function dial(look: Look, target: Target): Promise<Socket> {
  const address = await addressOf(look, target.host, target.family);
  const where = label(target);
  look.doing = `the connection to ${where}`;
  const socket = connect({ host: address, port: target.port, autoSelectFamily: false });
  socket.setNoDelay(true);
  look.closes(() => socket.destroy());
  await look.wait(ready(socket, 'connect', where));
  return socket;
}

/** TLS on top of it; the certificate was looked at before anything of ours is said. @throws ProbeFailure */
export async function secure(look: Look, socket: Socket, target: Target, check: TlsCheck): Promise<TLSSocket> {
  const where = label(target);
  const name = check.serverName ?? target.host;
  look.doing = `the TLS handshake with ${where}`;
  const over = connectTls({
    socket,
    // Who would be refused is looked at below, with a sentence that says why.
    rejectUnauthorized: false,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(check.caPem === undefined ? {} : { secureContext: contextOf(check.caPem) }),
  });
  look.closes(() => over.destroy());
  await look.wait(ready(over, 'secureConnect', where));
  const why = check.verify && !over.authorized ? distrust(over, where, name) : null;
  if (why !== null) throw new ProbeFailure(why);
  return over;
}

async function ready(socket: Socket, event: 'connect' | 'secureConnect', where: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, resolve);
    // Stays for the socket's life: an error after this is told by 'close'.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const left = event === 'secureConnect' && error.code === 'ECONNRESET';
      const why = left ? `${where} closed the connection in the TLS handshake` : refusal(error, where);
      reject(new ProbeFailure(why, error));
    });
    socket.once('close', () => reject(new ProbeFailure(`${where} closed the connection`)));
  });
}

/** What an operator understands of an error of a socket. */
export function refusal(error: unknown, where: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const says = SAYS[code ?? ''];
  if (says !== undefined) return says.replace('%', where);
  if (code?.startsWith('ERR_SSL_') === true)
    return `TLS with ${where} failed: ${code.slice(8).toLowerCase().replaceAll('_', ' ')}`;
  return `${where}: ${message}`;
}

const SAYS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused by %',
  ECONNRESET: 'connection reset by %',
  EPIPE: '% closed the connection',
  ETIMEDOUT: 'no answer from % (the system gave up)',
  EHOSTUNREACH: 'no way to %: the host cannot be reached',
  ENETUNREACH: 'no way to %: the network cannot be reached',
  EACCES: 'this host may not send to % (firewall)',
  EPERM: 'this host may not send to % (firewall)',
  EADDRNOTAVAIL: 'no free port of this host for a connection to %',
  EMFILE: 'this process has too many files open to look at %',
  ERR_SSL_WRONG_VERSION_NUMBER: '% does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: '% does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: '% speaks only a version of TLS that is not safe any more',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: '% speaks only a version of TLS that is not safe any more',
};

/** Why its certificate is not believed. */
function distrust(socket: TLSSocket, where: string, name: string): string {
  const certificate = socket.getPeerCertificate();
  // Node says a code here, where its types say an error.
  const code = String(socket.authorizationError);
  const day = (text: string) => new Date(text).toISOString().slice(0, 16).replace('T', ' ');
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return Date.parse(certificate.valid_to) < Date.now()
        ? `the certificate of ${where} ended on ${day(certificate.valid_to)} UTC`
        : `a certificate above that of ${where} has ended`;
    case 'CERT_NOT_YET_VALID':
      return `the certificate of ${where} begins on ${day(certificate.valid_from)} UTC only`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${where} is for ${certificate.subjectaltname ?? commonName(certificate.subject)}, not for ${name}`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return `the certificate of ${where} is signed by itself`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `the certificate of ${where} is signed by ${commonName(certificate.issuer)}, which is not trusted here`;
    default:
      return `the certificate of ${where} is not trusted: ${code}`;
  }
}

function commonName(subject: { readonly CN?: string | string[] } | undefined): string {
  const name = subject?.CN;
  return JSON.stringify(typeof name === 'string' ? name : (name?.[0] ?? 'nobody'));
}
