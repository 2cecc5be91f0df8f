import { createSocket, type Socket } from 'node:dgram';
import { monotonicMs } from '../host/shell.js';
import { messageText } from './plan.js';
import { trapDatagram } from './trap.js';

const TICK_MS = 10;
/** Every tenth number goes out as a trap. */
const TRAP_EVERY = 10;
/**
 * Datagrams that Node keeps where the kernel takes none, as while it looks for a host that is off. Behind them a device would lose what it says; without a
 * bound they would all go out, minutes old, when the host is back.
 */
const MAX_QUEUED = 500;

/**
 * Numbered syslog lines (RFC 5424) and, every tenth, SNMP traps, each once to every node, `perSecond` numbers a second, evenly. Each node has a socket of
 * its own: what the kernel says about one dead node must not hold up the other.
 */
export class SyslogSender {
  readonly #sockets: readonly { readonly socket: Socket; readonly address: string }[];
  readonly #port: number;
  readonly #trapPort: number;
  readonly #runTag: string;
  readonly #perSecond: number;
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;
  /** number → sockets that still may take it; removed at the first success. */
  readonly #pending = new Map<number, number>();
  readonly unsent: number[] = [];
  /** Number n was sent n / perSecond after it. */
  beganMs = 0;

  constructor(options: { addresses: readonly string[]; port: number; trapPort: number; runTag: string; perSecond: number }) {
    this.#sockets = options.addresses.map((address) => ({ socket: createSocket('udp4').on('error', () => {}), address }));
    this.#port = options.port;
    this.#trapPort = options.trapPort;
    this.#runTag = options.runTag;
    this.#perSecond = options.perSecond;
  }

  get sent(): number {
    return this.#sent;
  }

  start(): void {
    const beganMs = monotonicMs();
    this.beganMs = beganMs;
    this.#timer = setInterval(() => {
      const due = Math.floor(((monotonicMs() - beganMs) * this.#perSecond) / 1000);
      while (this.#sent < due) this.#send(++this.#sent);
    }, TICK_MS);
  }

  #send(number: number): void {
    const text = messageText(this.#runTag, number);
    const asTrap = number % TRAP_EVERY === 0;
    const line = asTrap
      ? trapDatagram(text, number, Math.floor(monotonicMs() / 10))
      : Buffer.from(`<134>1 ${new Date().toISOString()} labclient lab - - - ${text}`);
    this.#pending.set(number, this.#sockets.length);
    for (const { socket, address } of this.#sockets)
      if (socket.getSendQueueCount() >= MAX_QUEUED) this.#settled(number, true);
      else socket.send(line, asTrap ? this.#trapPort : this.#port, address, (error) => this.#settled(number, error !== null));
  }

  #settled(number: number, failed: boolean): void {
    const left = this.#pending.get(number);
    if (left === undefined) return;
    if (!failed) this.#pending.delete(number);
    else if (left > 1) this.#pending.set(number, left - 1);
    else {
      this.#pending.delete(number);
      this.unsent.push(number);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const { socket } of this.#sockets) socket.close();
  }
}
