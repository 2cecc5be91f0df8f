import { internalPayload, internalTold, type Result, syslogData } from '@yosugara/operations';
import type { SendDeadline, Sent } from '@yosugara/runtime';
import { Look } from '../probes/look.js';
import { addressOf } from '../probes/names.js';
import { sendCommand } from './command.js';
import { refused, retry } from './port.js';
import { sendSyslog } from './syslog.js';

/** Where lines about ourselves go. */
export interface InternalTarget {
  readonly transport: 'local' | 'udp' | 'tcp' | 'tls';
  /** An address or a name; of `local` the path of the socket. */
  readonly host: string;
  readonly port: number;
  readonly facility: number;
  readonly tls: { readonly ca: string | null; readonly serverName: string | null };
  /** Is that a receiver of ours? Then nothing is sent: it would come back as a message. */
  readonly isOurs: (address: string, port: number) => boolean;
}

/** One result of ourselves as a line of RFC 5424, with its id in the structured data. What the other side does is in the answer. */
export async function sendInternal(target: InternalTarget, result: Result, deadline: SendDeadline): Promise<Sent> {
  const { transport, host, port, facility, tls, isOurs } = target;
  if (transport === 'local') return await sendLocal(target, result, deadline);
  const look = new Look(deadline.deadlineMs, deadline.signal);
  let address: string;
  try {
    address = await addressOf(look, host);
  } catch (error) {
    return retry((error as Error).message);
  } finally {
    look.close();
  }
  if (isOurs(address, port)) return refused(`${host} is ${address}, a receiver of this cluster: it would come back as a message`);
  const to = { host: address, port, transport, facility, timeoutMs: deadline.deadlineMs };
  const names = { ca: tls.ca, serverName: tls.serverName ?? (host === address ? null : host) };
  return await sendSyslog(internalPayload(result, { ...to, tls: names }), internalTold(result), deadline);
}

/** Node has no datagram sockets of the UNIX domain, which syslogd listens on; util-linux has a program for it. */
async function sendLocal(target: InternalTarget, result: Result, deadline: SendDeadline): Promise<Sent> {
  const { severity, message } = internalPayload(result, { ...target, transport: 'udp', timeoutMs: deadline.deadlineMs });
  const { id, parameters } = syslogData(internalTold(result));
  const words = [
    ...['logger', '--socket', target.host, '--socket-errors=on', '--rfc5424=notq', '--id'],
    ...['--priority', `${FACILITIES[target.facility] ?? 'daemon'}.${SEVERITIES[severity] ?? 'warning'}`],
    ...['--tag', 'yosugara', '--msgid', result.plugin, '--sd-id', id],
    ...parameters.flatMap((each) => ['--sd-param', each]),
    ...['--', message.replace(/[\r\n]+/g, ' ')],
  ];
  const payload = { kind: 'command', words, shell: false, user: null, environment: {}, timeoutMs: deadline.deadlineMs } as const;
  const sent = await sendCommand(payload, internalTold(result), deadline);
  // It may be restarted just now.
  return sent.kind === 'refused' ? retry(sent.why) : sent;
}

/** RFC 5424 6.2.1, as logger(1) names them. */
const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['daemon', 'daemon', 'daemon', 'daemon', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];
const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
