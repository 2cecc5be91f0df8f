import { isIP } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { LineFramer } from '@yosugara/connectors/agent-lines';
import {
  AGENT_PING_MS,
  AGENT_SILENCE_MS,
  AGENT_TRUST_ALPN,
  type FromAgent,
  MAX_AGENT_LINE_BYTES,
  type ToAgent,
  ToAgentSchema,
} from '@yosugara/protocol/agents';
import type { ManagerAddress } from '../identity.js';

const PING = '{"say":"ping"}\n';
/** The network alone: a host that is gone says nothing at all. */
const CONNECT_MS = 2_000;
/** With the handshake: a manager lets its agents in one after the other. */
const SECURE_MS = 10_000;
/** What is said and not taken yet; beyond, nobody reads on the other side. */
const MAX_QUEUED_BYTES = 16 * 1_048_576;

export interface ConnectionEvents {
  /** The handshake is done. */
  readonly onOpen: () => void;
  readonly onHeard: (saying: ToAgent) => void;
  /** Once, and nothing is called after it. */
  readonly onClose: (why: string) => void;
}

/** One TLS connection to one manager: lines with a bound, pings both ways, and its end when nothing is heard. */
export class Connection {
  readonly #socket: TLSSocket;
  readonly #events: ConnectionEvents;
  readonly #framer = new LineFramer(() => MAX_AGENT_LINE_BYTES);
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #begunMs = performance.now();
  #phase: 'connecting' | 'securing' | 'open' | 'closed' = 'connecting';
  #heardMs = 0;
  #saidMs = 0;
  #lookedMs = performance.now();

  constructor({ host, port }: ManagerAddress, context: SecureContext, events: ConnectionEvents) {
    this.#events = events;
    this.#socket = connect({
      ...{ host, port, secureContext: context, minVersion: 'TLSv1.3', autoSelectFamily: true },
      ALPNProtocols: [AGENT_TRUST_ALPN],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // Whom the cluster's authority names a member is one, wherever he listens; agents are no members.
      checkServerIdentity: (_, { subject }) =>
        String(subject?.CN).startsWith('agent:') ? new Error('it is an agent, not a manager') : undefined,
    });
    this.#socket.setNoDelay(true);
    this.#socket.on('connect', () => {
      if (this.#phase === 'connecting') this.#phase = 'securing';
    });
    this.#socket.on('secureConnect', () => this.#onSecure());
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('error', (error) => this.close(error.message));
    this.#socket.on('end', () => this.close('the manager ended the connection'));
    this.#socket.on('close', () => this.close('the connection ended'));
    this.#timer = setInterval(() => this.#look(), AGENT_PING_MS / 2);
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }
  /** Bytes that are said and not taken yet. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  /** @returns false: it is not open. */
  say(saying: FromAgent): boolean {
    if (this.#phase !== 'open') return false;
    this.#saidMs = performance.now();
    this.#socket.write(`${JSON.stringify(saying)}\n`);
    if (this.#socket.writableLength > MAX_QUEUED_BYTES) this.close('the manager takes nothing that is said');
    return this.isOpen;
  }

  close(why: string): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    clearInterval(this.#timer);
    this.#socket.destroy();
    this.#events.onClose(why);
  }

  #onSecure(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'open';
    this.#heardMs = this.#saidMs = performance.now();
    this.#events.onOpen();
  }

  #onData(chunk: Buffer): void {
    this.#heardMs = performance.now();
    const lines = this.#framer.push(chunk);
    if (lines === null)
      return this.close(`a line of more than ${MAX_AGENT_LINE_BYTES} bytes came: nothing after it can be understood`);
    for (const line of lines) {
      if (this.#phase !== 'open') return;
      if (`${line}\n` === PING) continue;
      const saying = ToAgentSchema.safeParse(jsonOf(line));
      if (!saying.success) {
        const { path, message } = saying.error.issues[0]!;
        return this.close(`a line that is not of the protocol came: ${path.join('.')}: ${message}`);
      }
      if (saying.data.say !== 'ping') this.#events.onHeard(saying.data);
    }
  }

  #look(): void {
    const nowMs = performance.now();
    // The process stood still: what came meanwhile is read first.
    const stoodMs = nowMs - this.#lookedMs - AGENT_PING_MS / 2;
    this.#lookedMs = nowMs;
    if (stoodMs > AGENT_PING_MS) this.#heardMs += stoodMs;
    if (this.#phase === 'connecting' && nowMs - this.#begunMs > CONNECT_MS)
      return this.close(`no connection within ${CONNECT_MS} ms`);
    if (this.#phase === 'securing' && nowMs - this.#begunMs > SECURE_MS) return this.close(`no handshake within ${SECURE_MS} ms`);
    if (this.#phase !== 'open') return;
    if (nowMs - this.#heardMs > AGENT_SILENCE_MS) return this.close(`the manager said nothing for ${AGENT_SILENCE_MS} ms`);
    if (nowMs - this.#saidMs >= AGENT_PING_MS / 2) {
      this.#saidMs = nowMs;
      this.#socket.write(PING);
    }
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
