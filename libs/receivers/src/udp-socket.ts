import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { ReadAhead } from '@yosugara/runtime';
import type { DatagramBatch, Sender } from './datagram-batch.js';
import { LoopTurns, type ReadStamp, SocketReads, stampSince } from './read-delay.js';
import type { SystemCalls } from './system-calls.js';
import { bindByNode, bindByUs, giveToNode, ignoreSendError } from './udp-binding.js';

/** `raw` is the taker's to keep. */
export type Take = (stamp: ReadStamp, raw: Buffer, from: Sender, reply: (answer: Uint8Array) => void) => void;

export interface SocketParts {
  readonly receiveBufferBytes: number;
  /** Others are bound to its port. */
  readonly isShared: boolean;
  /** null: Node opens it and reads it, and reads on whatever room there is. */
  readonly calls: SystemCalls | null;
  /** null: one by one. */
  readonly batch: DatagramBatch | null;
  readonly room: ReadAhead | null;
  readonly take: Take;
}

/** uv__udp_recvmsg (libuv, src/unix/udp.c) takes so many datagrams off a socket and then looks at the others. */
const DATAGRAMS_PER_TURN = 32;
/** The kernel charges a datagram with its bookkeeping; the smallest costs more than this. */
const LEAST_CHARGE_BYTES = 512;
/** The longest datagram (65 507 bytes) and what the journal writes around it. */
const MOST_RECORD_BYTES = 66 * 1024;
/** Node reads before anybody can ask: so much is left for the sockets that are read beside this one. */
const LEAST_ROOM_BYTES = 16 * MOST_RECORD_BYTES;

/**
 * One UDP socket. While its taker has room it is Node's, which waits for it, reads and closes it. While there is none it is held: Node
 * has closed what it had, a second descriptor keeps the socket open, nobody looks at it, and the kernel goes on collecting in its buffer.
 */
export class UdpSocket {
  readonly #parts: SocketParts;
  readonly #type: 'udp4' | 'udp6';
  readonly #turns = new LoopTurns();
  #socket: Socket;
  /** Its number while Node has it; null = not known, held or closed: then somebody else's descriptor may have that number. */
  #descriptor: number | null = null;
  #held: { readonly descriptor: number; readonly forget: () => void } | null = null;
  #reads: SocketReads;
  #port = 0;
  #bufferBytes = 0;

  private constructor(address: string, parts: SocketParts) {
    this.#parts = parts;
    this.#type = isIPv6(address) ? 'udp6' : 'udp4';
    this.#reads = new SocketReads(this.#turns, { perTurn: DATAGRAMS_PER_TURN, kept: Number.POSITIVE_INFINITY });
    this.#socket = this.#reading({ recvBufferSize: parts.receiveBufferBytes, ...(parts.isShared ? { reusePort: true } : {}) });
  }

  /** @throws PortInUseError, ListenError */
  static async open(address: string, port: number, parts: SocketParts): Promise<UdpSocket> {
    const opened = new UdpSocket(address, parts);
    try {
      await opened.#open(address, port);
      return opened;
    } catch (error) {
      opened.#turns.close();
      throw error;
    }
  }

  async #open(address: string, port: number): Promise<void> {
    const { calls, isShared } = this.#parts;
    if (calls === null) await bindByNode(this.#socket, address, port);
    else this.#descriptor = bindByUs(this.#socket, calls, { address, port, isShared });
    this.#port = this.#socket.address().port;
    this.#bufferBytes = this.#socket.getRecvBufferSize();
    const kept = this.#bufferBytes / LEAST_CHARGE_BYTES;
    this.#reads = new SocketReads(this.#turns, { perTurn: DATAGRAMS_PER_TURN, kept });
  }

  get port(): number {
    return this.#port;
  }

  get bufferBytes(): number {
    return this.#bufferBytes;
  }

  async close(): Promise<void> {
    this.#turns.close();
    this.#descriptor = null;
    const held = this.#held;
    this.#held = null;
    if (held === null) return await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    held.forget();
    this.#parts.calls?.close(held.descriptor);
  }

  #reading(options: { readonly recvBufferSize?: number; readonly reusePort?: boolean }): Socket {
    const socket = createSocket({ type: this.#type, ...options });
    socket.on('message', (raw, { address, port }) => {
      this.#take(stampSince(this.#reads.read(1)), raw, { address, port });
      // libuv goes on until the socket is empty or it took its share of the turn; behind each of its own comes one batch.
      if (this.#reads.inTurn > 1) this.#readBatch();
      this.#holdIfFull();
    });
    return socket;
  }

  #readBatch(): void {
    const { batch, room } = this.#parts;
    if (batch === null || this.#descriptor === null) return;
    const most = room === null ? Number.POSITIVE_INFINITY : Math.floor(room.roomBytes / MOST_RECORD_BYTES);
    const count = most < 1 ? 0 : batch.receive(this.#descriptor, most);
    if (count === 0) return;
    const stamp = stampSince(this.#reads.more(count));
    batch.handOut((raw, sender) => this.#take(stamp, raw, sender));
  }

  #take(stamp: ReadStamp, raw: Buffer, from: Sender): void {
    this.#parts.take(stamp, raw, from, (answer) => this.#sendBack(answer, from));
  }

  #holdIfFull(): void {
    const { calls, room } = this.#parts;
    if (room === null || calls === null || this.#descriptor === null || room.roomBytes >= LEAST_ROOM_BYTES) return;
    const descriptor = calls.duplicate(this.#descriptor);
    // This process has no descriptor left: it is read on, and what is refused is counted.
    if (descriptor === null) return;
    this.#descriptor = null;
    this.#socket.close();
    this.#reads.pause();
    this.#held = { descriptor, forget: room.whenRoom(() => this.#readOn()) };
  }

  #readOn(): void {
    if (this.#held === null) return;
    const { descriptor } = this.#held;
    const socket = this.#reading({});
    giveToNode(socket, descriptor);
    this.#held = null;
    this.#socket = socket;
    this.#descriptor = descriptor;
  }

  /**
   * Never throws: an answer may be due when its socket is closed (the VIP went to the other node before the record was safe), and a
   * datagram from port 0, which anybody can forge, asks for none (RFC 768). Either would end the process from within the journal.
   */
  #sendBack(answer: Uint8Array, { port, address }: Sender): void {
    if (port === 0) return;
    try {
      if (this.#held === null) this.#socket.send(answer, port, address, ignoreSendError);
      else this.#parts.calls?.sendTo(this.#held.descriptor, answer, address, port);
    } catch (error) {
      ignoreSendError(error);
    }
  }
}
