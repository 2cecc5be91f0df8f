import { MessageFlag } from '@yosugara/protocol';
import type { Intake, ReceivedRecord, TakesAgain } from '@yosugara/runtime';
import { type Accepted, type AcceptOptions, acceptStreams, countsOf, type StreamCounts } from './acceptor.js';
import { type FramedMessage, SyslogFramer } from './framing.js';
import { LoopTurns } from './read-delay.js';
import { SenderClocks } from './sender-delay.js';
import { SourceGate } from './sources.js';
import { LeftBehind, type Said, type Session, type StreamHands, serveStream } from './stream.js';
import type { TlsOptions } from './tls-policy.js';
import type { Endpoint, Listener } from './udp.js';

export interface TcpOptions extends Endpoint {
  readonly intake: Intake;
  /** Of the journal behind the intake: when what it refused is worth to be offered again. */
  readonly room: TakesAgain;
  /** Who may send, how much, and how long a message may be. Default: everybody, everything, 64 KiB. */
  readonly gate?: SourceGate;
  /** Of all sources together; more are refused. */
  readonly maxConnections?: number;
  /** A connection that says nothing for so long is closed. */
  readonly idleMs?: number;
}

export const IDLE_MS = 600_000;

/** Syslog over TCP, both framings of RFC 6587. Backpressure: the journal refuses → the connection is not read → the sender holds back. @throws PortInUseError, ListenError */
export async function listenTcp(options: TcpOptions): Promise<Listener> {
  return await listenSyslog({ ...options, transport: 'tcp' }, options);
}

/** Syslog over TLS (RFC 5425). Octet counting is the rule there; LF is taken too, since senders do that. @throws PortInUseError, ListenError */
export async function listenTls(options: TcpOptions & { readonly tls: TlsOptions }): Promise<Listener> {
  return await listenSyslog({ ...options, transport: 'tls' }, options);
}

async function listenSyslog(accept: AcceptOptions, { intake, room, idleMs = IDLE_MS }: TcpOptions): Promise<Listener> {
  const gate = accept.gate ?? new SourceGate();
  const counts = countsOf(gate);
  const clocks = new SenderClocks();
  return await listenWith(accept, gate, counts, idleMs, (accepted, hands) => {
    const listener = { kind: accept.listener, address: accept.address };
    const take = (message: FramedMessage): boolean => {
      const taken = intake({
        ...clocks.late(hands.stamp(), accepted.from.address, message.raw),
        ...{ kind: 'syslog', transport: accept.transport, source: accepted.from, listener },
        ...{ flags: message.truncated ? MessageFlag.truncated : 0, raw: message.raw },
      } satisfies ReceivedRecord);
      if (taken && message.truncated) accepted.source.cut++;
      return taken;
    };
    return new SyslogSession(accepted, take, room, counts);
  });
}

/** Everything that speaks in a stream of frames. */
export async function listenWith(
  accept: AcceptOptions,
  gate: SourceGate,
  counts: StreamCounts,
  idleMs: number,
  open: (accepted: Accepted, hands: StreamHands) => Session,
): Promise<Listener> {
  const turns = new LoopTurns();
  const left = new LeftBehind();
  try {
    const listener = await acceptStreams(accept, gate, counts, (accepted) => {
      serveStream(accepted, { turns, left, idleMs }, (hands) => open(accepted, hands));
    });
    return {
      ...listener,
      close: async () => {
        turns.close();
        await listener.close();
      },
    };
  } catch (error) {
    turns.close();
    throw error;
  }
}

class SyslogSession implements Session {
  readonly #framer: SyslogFramer;
  readonly #accepted: Accepted;
  readonly #take: (message: FramedMessage) => boolean;
  readonly #room: TakesAgain;
  readonly #counts: StreamCounts;
  #waiting: FramedMessage | null = null;

  constructor(accepted: Accepted, take: (message: FramedMessage) => boolean, room: TakesAgain, counts: StreamCounts) {
    this.#framer = new SyslogFramer(accepted.source.limits.messageBytes);
    this.#accepted = accepted;
    this.#take = take;
    this.#room = room;
    this.#counts = counts;
  }

  push(chunk: Buffer): void {
    this.#framer.push(chunk);
  }

  next(): Said {
    const message = this.#waiting ?? this.#framer.next();
    if (message === null) return 'more';
    if (message !== 'broken') return this.#offer(message);
    this.#counts.refuse(this.#accepted.from.address, 'framing');
    return 'end';
  }

  nextOfRest(): Said {
    const said = this.next();
    if (said !== 'more') return said;
    const last = this.#framer.end();
    return last === null ? 'end' : this.#offer(last);
  }

  whenReady(then: () => void): () => void {
    return this.#room.whenTaking(then);
  }

  giveUp(): void {
    const { source, from } = this.#accepted;
    const reason = source.hasRoom ? 'journal' : 'rate';
    let lost: ReturnType<SyslogFramer['next']> = this.#waiting;
    for (; lost !== null && lost !== 'broken'; lost = this.#framer.next() ?? this.#framer.end())
      this.#counts.refuse(from.address, reason);
    this.#waiting = null;
  }

  close(): void {}

  #offer(message: FramedMessage): Said {
    const { source } = this.#accepted;
    const isNew = this.#waiting === null;
    this.#waiting = message;
    if (!source.hasRoom) {
      if (isNew) source.slowed++;
      return 'slow';
    }
    if (!this.#take(message)) return 'wait';
    this.#waiting = null;
    source.took();
    this.#counts.received++;
    return 'took';
  }
}
