import { createSocket } from 'node:dgram';
import { isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { AwakeTimer } from '@yosugara/kernel';
import { type SyslogPayload, syslogLine, type Told } from '@yosugara/operations';
import type { SendDeadline, Sent } from '@yosugara/runtime';
import { dial, label, refusal, secure, type Target } from '../probes/dial.js';
import { Look, ProbeFailure, sentence } from '../probes/look.js';
import { addressOf } from '../probes/names.js';
import { accepted, retry } from './port.js';

/** RFC 5426 3.2: every receiver should take 2048; what is longer than a datagram can be is cut. */
const MAX_DATAGRAM_BYTES = 8_192;
/** How long the other side may take to say that it has read all (by its end of the connection). Many never say. */
const CLOSE_MS = 500;

export type SyslogTarget = Pick<SyslogPayload, 'host' | 'port' | 'transport' | 'tls'>;

/** RFC 5424 over UDP (5426), TCP with octet counting (6587 3.4.1) or TLS (5425), a connection each. */
export async function sendSyslog(payload: SyslogPayload, told: Told, deadline: SendDeadline): Promise<Sent> {
  return await sendSyslogLine(payload, syslogLine(payload, told, hostname()), deadline);
}

/** Of a line that somebody else made. */
export async function sendSyslogLine(payload: SyslogTarget, text: string, { deadlineMs, signal }: SendDeadline): Promise<Sent> {
  const look = new Look(deadlineMs, signal);
  try {
    const line = Buffer.from(text, 'utf8');
    const target = { host: payload.host, port: payload.port };
    if (payload.transport === 'udp') await sendDatagram(look, target, line.subarray(0, MAX_DATAGRAM_BYTES));
    else await sendFrame(look, payload, target, line);
    return accepted;
  } catch (error) {
    return retry(sentence(error));
  } finally {
    look.close();
  }
}

async function sendDatagram(look: Look, target: Target, line: Buffer): Promise<void> {
  const address = await addressOf(look, target.host, undefined);
  look.doing = `the datagram to ${label(target)}`;
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  const close = look.closes(() => socket.close());
  await look.wait(
    new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => reject(new ProbeFailure(refusal(error, label(target)), error));
      socket.on('error', fail);
      socket.send(line, target.port, address, (error) => (error === null || error === undefined ? resolve() : fail(error)));
    }),
  );
  close();
}

async function sendFrame(look: Look, payload: SyslogTarget, target: Target, line: Buffer): Promise<void> {
  const plain = await dial(look, target);
  const { ca, serverName } = payload.tls;
  const check = { verify: true, ...(ca === null ? {} : { caPem: ca }), ...(serverName === null ? {} : { serverName }) };
  const socket = payload.transport === 'tls' ? await secure(look, plain, target, check) : plain;
  look.doing = `the line to ${label(target)}`;
  const closed = closedBy(socket, label(target));
  closed.catch(() => undefined);
  await look.wait(
    Promise.race([
      closed,
      new Promise<void>((resolve) => socket.end(Buffer.concat([Buffer.from(`${line.length} `), line]), resolve)),
    ]),
  );
  // A reset now means that it did not read all; its end, that it did. Silence has to be taken for yes: syslog has no answers.
  let timer: AwakeTimer | undefined;
  try {
    await look.wait(Promise.race([closed, new Promise<void>((resolve) => (timer = new AwakeTimer(CLOSE_MS, resolve)))]));
  } finally {
    timer?.stop();
  }
}

async function closedBy(socket: Socket, where: string): Promise<void> {
  socket.resume();
  await new Promise<void>((resolve, reject) => {
    socket.once('end', resolve);
    socket.once('error', (error) => reject(new ProbeFailure(refusal(error, where), error)));
  });
}
