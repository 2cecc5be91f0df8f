import { MessageFlag } from '@yosugara/protocol';
import type { ReceivedRecord, SafeAnswers } from '@yosugara/runtime';
import { type Accepted, type AcceptOptions, countsOf, type StreamCounts } from './acceptor.js';
import { type RelpFrame, RelpFramer } from './relp-frames.js';
import { RelpResends } from './relp-resends.js';
import { SenderClocks } from './sender-delay.js';
import { SourceGate } from './sources.js';
import type { Said, Session, StreamHands } from './stream.js';
import { IDLE_MS, listenWith, type TcpOptions } from './tcp.js';
import type { TlsOptions } from './tls-policy.js';
import type { Listener } from './udp.js';

export interface RelpOptions extends TcpOptions {
  readonly tls?: TlsOptions;
  /** Number that the record just taken in got. */
  readonly lastSeq: () => number;
  /** Shared by all RELP listeners of the node. */
  readonly answers: SafeAnswers;
  /** Likewise: a client may come back by another address of ours. */
  readonly resends?: RelpResends;
}

/** Taken in and not answered, of one connection. librelp's client stops at 128 by itself. */
const MAX_OWED = 1_024;
const MAX_OWED_BYTES = 4 * 1024 * 1024;
/** Read ahead while nothing can be taken: librelp's window of short messages. */
const MAX_AHEAD_BYTES = 256 * 1024;
/** A client that does not read its answers. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const OFFERS = 'relp_version=0\nrelp_software=yosugara\ncommands=syslog';

/**
 * Syslog by librelp's protocol: `200 OK` goes out only when the record is safe on both disks (I1), in the order of the frames.
 * @throws PortInUseError, ListenError
 */
export async function listenRelp(options: RelpOptions): Promise<Listener> {
  const gate = options.gate ?? new SourceGate();
  const counts = countsOf(gate);
  const shared = { ...options, resends: options.resends ?? new RelpResends(), clocks: new SenderClocks() };
  const accept: AcceptOptions = { ...options, transport: 'relp' };
  return await listenWith(accept, gate, counts, options.idleMs ?? IDLE_MS, (accepted, hands) => {
    return new RelpSession(shared, accepted, hands, counts);
  });
}

type Shared = RelpOptions & { readonly resends: RelpResends; readonly clocks: SenderClocks };

interface Owed {
  readonly seq: number;
  readonly raw: Buffer;
}

interface Waiting {
  readonly frame: RelpFrame;
  /** The number of what was sent before and not answered; null = it is new. */
  readonly known: number | null;
  wasSlowed: boolean;
}

class RelpSession implements Session {
  readonly #options: Shared;
  readonly #accepted: Accepted;
  readonly #hands: StreamHands;
  readonly #counts: StreamCounts;
  readonly #framer: RelpFramer;
  readonly #resent: (raw: Uint8Array) => number | null;
  readonly #owed = new Map<number, Owed>();
  #owedBytes = 0;
  #offered = 0;
  #isOpen = false;
  #waiting: Waiting | null = null;
  /** Number of a `close` that waits for what is owed. */
  #closing: number | null = null;
  #out = '';

  constructor(options: Shared, accepted: Accepted, hands: StreamHands, counts: StreamCounts) {
    this.#options = options;
    this.#accepted = accepted;
    this.#hands = hands;
    this.#counts = counts;
    this.#framer = new RelpFramer(accepted.source.limits.messageBytes);
    this.#resent = options.resends.returning(accepted.from.address);
  }

  get roomBytes(): number {
    return MAX_AHEAD_BYTES - this.#framer.heldBytes;
  }

  get #owesMost(): boolean {
    return this.#owed.size >= MAX_OWED || this.#owedBytes >= MAX_OWED_BYTES;
  }

  get isOwing(): boolean {
    return this.#owed.size > 0;
  }

  push(chunk: Buffer): void {
    // Nothing comes behind a close but the end of the connection.
    if (this.#closing === null) this.#framer.push(chunk);
  }

  next(): Said {
    if (this.#closing !== null) return this.#owed.size > 0 ? 'more' : this.#end(this.#closing);
    if (this.#waiting === null) {
      const frame = this.#framer.next();
      if (frame === null) return 'more';
      if (frame === 'broken') return this.#refuse(0, 'this is no RELP frame');
      const known = frame.command === 'syslog' ? this.#resent(frame.data) : null;
      this.#waiting = { frame, known, wasSlowed: false };
    }
    const said = this.#act(this.#waiting);
    if (said !== 'wait' && said !== 'slow') this.#waiting = null;
    return said;
  }

  /** What is not answered is sent again by the client. */
  nextOfRest(): 'end' {
    return 'end';
  }

  whenReady(then: () => void): () => void {
    const { answers, room } = this.#options;
    // An answer of its own wakes it.
    if (this.#owesMost) return () => undefined;
    return answers.isFull ? answers.whenRoom(then) : room.whenTaking(then);
  }

  /** Nothing of it waits once the connection is gone. */
  giveUp(): void {}

  close(): void {
    const owed = [...this.#owed.values()];
    this.#owed.clear();
    for (const { seq } of owed) this.#options.answers.forget(seq);
    this.#options.resends.leave(this.#accepted.from.address, owed);
  }

  #act(waiting: Waiting): Said {
    const { frame } = waiting;
    if (frame.command === 'open') return this.#open(frame);
    if (!this.#isOpen) return this.#refuse(frame.txnr, `${frame.command} before open`);
    if (frame.command === 'syslog') return this.#syslog(waiting);
    if (frame.command !== 'close') return this.#refuse(frame.txnr, `unknown command ${frame.command}`);
    // Answers go out in order: its own comes behind those that are still owed.
    this.#closing = frame.txnr;
    return this.#owed.size > 0 ? 'took' : this.#end(frame.txnr);
  }

  #end(txnr: number): 'end' {
    this.#out += `${txnr} rsp 0\n0 serverclose 0\n`;
    this.#flush();
    this.#accepted.socket.end();
    return 'end';
  }

  #open(frame: RelpFrame): 'took' | 'end' {
    const offers = new Map(frame.data.toString('latin1').split('\n').map(offer));
    if (this.#isOpen) return this.#refuse(frame.txnr, 'open again');
    const version = offers.get('relp_version');
    // librelp of today says 0; 1 is what its specification calls itself.
    if (version !== '0' && version !== '1') return this.#refuse(frame.txnr, 'relp_version must be 0 or 1');
    if (!(offers.get('commands') ?? '').split(',').includes('syslog'))
      return this.#refuse(frame.txnr, 'the command syslog must be offered');
    this.#isOpen = true;
    this.#answer(frame.txnr, `200 OK\n${OFFERS}`);
    return 'took';
  }

  #syslog(waiting: Waiting): Said {
    const { frame, known } = waiting;
    if (this.#owesMost || this.#options.answers.isFull) return 'wait';
    if (known === null) {
      const { source } = this.#accepted;
      if (!source.hasRoom) {
        if (!waiting.wasSlowed) source.slowed++;
        waiting.wasSlowed = true;
        return 'slow';
      }
      if (!this.#journal(frame)) return 'wait';
      source.took();
      if (frame.truncated) source.cut++;
      this.#counts.received++;
    }
    this.#owe(frame, known ?? this.#options.lastSeq());
    return 'took';
  }

  #journal(frame: RelpFrame): boolean {
    const { intake, address, listener: kind, clocks } = this.#options;
    const source = this.#accepted.from;
    return intake({
      ...clocks.late(this.#hands.stamp(), source.address, frame.data),
      ...{ kind: 'syslog', transport: 'relp', source, listener: { kind, address } },
      ...{ flags: frame.truncated ? MessageFlag.truncated : 0, raw: frame.data },
    } satisfies ReceivedRecord);
  }

  #owe(frame: RelpFrame, seq: number): void {
    const place = ++this.#offered;
    this.#owed.set(place, { seq, raw: frame.data });
    this.#owedBytes += frame.data.length;
    this.#options.answers.whenSafe(seq, () => {
      if (!this.#owed.delete(place)) return;
      this.#owedBytes -= frame.data.length;
      this.#answer(frame.txnr, '200 OK');
      if (this.#closing !== null && this.#owed.size === 0) this.#end(this.#closing);
      else this.#hands.wake();
    });
  }

  #refuse(txnr: number, why: string): 'end' {
    this.#counts.refuse(this.#accepted.from.address, 'framing');
    if (txnr > 0) this.#answer(txnr, `500 ${why}`);
    this.#out += '0 serverclose 0\n';
    this.#flush();
    this.#accepted.socket.end();
    return 'end';
  }

  #answer(txnr: number, says: string): void {
    // A flush of the disk makes many records safe at once: their answers go out together.
    if (this.#out === '') queueMicrotask(() => this.#flush());
    this.#out += `${txnr} rsp ${Buffer.byteLength(says)} ${says}\n`;
  }

  #flush(): void {
    const { socket } = this.#accepted;
    const out = this.#out;
    this.#out = '';
    if (out === '' || !socket.writable) return;
    if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
    else socket.write(out);
  }
}

function offer(line: string): [string, string] {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).trim()];
}
