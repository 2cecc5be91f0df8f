import { createSocket, type Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import { readV3, V3Flag } from '@yosugara/operations';
import { connectUdp } from '../udp.js';

type Sent = (error: Error | null, bytes?: number) => void;

/**
 * The socket that a session of net-snmp believes to have. There is one only while something is asked: sessions are kept for what they
 * know (engine, clock, keys), and thousands of them need no thousands of sockets. It is connected, so the kernel drops what others
 * send and tells when nobody listens, which the package would wait out.
 */
export class SnmpSocket extends EventEmitter {
  /** Of what is asked must be answered with at least these flags (RFC 3412 7.2.10): the package takes less as well. */
  readonly #mustHave: number;
  #socket: Socket | null = null;
  #connected: Promise<void> | null = null;
  #refused: (error: Error) => void = () => undefined;

  constructor(mustHave: number) {
    super();
    this.#mustHave = mustHave;
  }

  /** @param refused told at once what the system says: nobody listens there. @returns closes it. */
  open(address: string, port: number, refused: (error: Error) => void): () => void {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
    this.#socket = socket;
    this.#refused = refused;
    socket.on('error', (error) => this.#refused(error));
    socket.on('message', (datagram) => {
      if (this.#mustHave !== 0 && !isSafe(datagram, this.#mustHave)) return;
      try {
        this.emit('message', datagram);
      } catch {
        // The package does not expect all that can be said; whoever says such things gets no answer taken.
      }
    });
    this.#connected = connectUdp(socket, port, address);
    this.#connected.catch((error: Error) => this.#refused(error));
    return () => {
      socket.close();
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#connected = null;
    };
  }

  /** As dgram's, of a socket that is connected: where to is known. */
  send(data: Uint8Array, offset: number, length: number, _port: number, _host: string, sent: Sent): void {
    const socket = this.#socket;
    const closed = () => sent(new Error('the look is over'));
    if (socket === null || this.#connected === null) return closed();
    this.#connected.then(() => {
      if (this.#socket !== socket) return closed();
      socket.send(data, offset, length, (error, bytes) => sent(error, bytes));
    }, sent);
  }

  close(): void {
    this.emit('close');
  }
  ref(): void {}
  unref(): void {}
}

/** An answer that is not signed (or not in cipher) when the user's are: anybody may have written it. Reports cannot be, always. */
export function isSafe(datagram: Uint8Array, mustHave: number): boolean {
  try {
    const message = readV3(datagram);
    if ((message.flags & mustHave) === mustHave) return true;
    return (message.flags & V3Flag.priv) === 0 && pduTag(message.data) === REPORT;
  } catch {
    return false;
  }
}

const REPORT = 0xa8;

/** Tag of the PDU in a scopedPDU that is in the clear: SEQUENCE { contextEngineID, contextName, PDU }. */
function pduTag(scoped: Uint8Array): number | undefined {
  let at = inside(scoped, 0);
  for (let skipped = 0; skipped < 2; skipped++) at = inside(scoped, at) + (scoped[at + 1] ?? 0);
  return scoped[at];
}

/** Where the contents of the item begin; those of engine and context are short, so their length is one byte. */
const inside = (bytes: Uint8Array, at: number): number => at + 2 + ((bytes[at + 1] ?? 0) > 0x80 ? bytes[at + 1]! & 0x7f : 0);
