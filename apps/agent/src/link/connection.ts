import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls';
import { LineFramer } from '@yosugara/connectors/agent-lines';
import { TunnelError, type TunnelTrouble } from '@yosugara/connectors/tunnel';
import { explain } from '@yosugara/kernel';
import {
  AGENT_INVENTORY_ALPN,
  AGENT_PING_MS,
  AGENT_SILENCE_MS,
  AGENT_TRUST_ALPN,
  type FromAgent,
  MAX_AGENT_LINE_BYTES,
  type ToAgent,
  ToAgentSchema,
} from '@yosugara/protocol/agents';
import type { ManagerAddress } from '../identity.js';
import type { ProxyWay } from './proxy.js';

const PING = '{"say":"ping"}\n';
/** The network alone: a host that is gone says nothing at all. */
const CONNECT_MS = 2_000;
/** With the handshake: a manager lets its agents in one after the other. */
const SECURE_MS = 10_000;
/** From the handshake to the first word besides pings: a Master asks its database about whoever comes, so many at a time. */
const ANSWER_MS = 30_000;
/** What is said and not taken yet; beyond, nobody reads on the other side. */
const MAX_QUEUED_BYTES = 16 * 1_048_576;

/** Of a proxy: what goes on being so until somebody mends it. */
const REFUSALS: ReadonlySet<TunnelTrouble> = new Set(['login', 'refused', 'nonsense']);

export interface ConnectionEvents {
  /** The handshake is done. */
  readonly onOpen: () => void;
  readonly onHeard: (saying: ToAgent) => void;
  /** Once, and nothing is called after it. @param byProxy a proxy does not let us through: to ask it again at once helps nobody. */
  readonly onClose: (why: string, byProxy: boolean) => void;
}

export interface Ways {
  readonly context: SecureContext;
  /** null = managers are reached without one. */
  readonly proxy: ProxyWay | null;
  /** How long a hello may go without an answer. */
  readonly answerMs?: number | undefined;
}

/** One TLS connection to one manager: lines with a bound, pings both ways, and its end when nothing is heard. */
export class Connection {
  readonly #abort = new AbortController();
  #socket: TLSSocket | null = null;
  readonly #events: ConnectionEvents;
  readonly #framer = new LineFramer(() => MAX_AGENT_LINE_BYTES);
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #begunMs = performance.now();
  readonly #answerMs: number;
  #phase: 'connecting' | 'tunnelling' | 'securing' | 'open' | 'closed' = 'connecting';
  #openedMs = 0;
  #isAnswered = false;
  #heardMs = 0;
  #saidMs = 0;
  #lookedMs = performance.now();

  constructor(address: ManagerAddress, { context, proxy, answerMs = ANSWER_MS }: Ways, events: ConnectionEvents) {
    this.#events = events;
    this.#answerMs = answerMs;
    this.#timer = setInterval(() => this.#look(), AGENT_PING_MS / 2);
    if (proxy?.leadsTo(address.host) === true) void this.#tunnel(address, context, proxy);
    else this.#secure(address, context, address);
  }

  async #tunnel(address: ManagerAddress, context: SecureContext, proxy: ProxyWay): Promise<void> {
    this.#phase = 'tunnelling';
    try {
      const socket = await proxy.open(address, this.#abort.signal);
      if (this.#abort.signal.aborted) return void socket.destroy();
      this.#phase = 'securing';
      this.#secure(address, context, { socket });
    } catch (error) {
      this.#close(explain(error), error instanceof TunnelError && REFUSALS.has(error.trouble));
    }
  }

  /** The same certificates, wherever the bytes go along. */
  #secure(
    { host }: ManagerAddress,
    secureContext: SecureContext,
    over: Pick<ConnectionOptions, 'host' | 'port' | 'socket'>,
  ): void {
    const socket = connect({
      ...{ ...over, secureContext, minVersion: 'TLSv1.3', autoSelectFamily: true },
      ALPNProtocols: [AGENT_INVENTORY_ALPN, AGENT_TRUST_ALPN],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // Whom the cluster's authority names a member is one, wherever he listens; agents are no members.
      checkServerIdentity: (_, { subject }) =>
        String(subject?.CN).startsWith('agent:') ? new Error('it is an agent, not a manager') : undefined,
    });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('connect', () => {
      if (this.#phase === 'connecting') this.#phase = 'securing';
    });
    socket.on('secureConnect', () => this.#onSecure());
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('end', () => this.close('the manager ended the connection'));
    socket.on('close', () => this.close('the connection ended'));
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }
  /** Bytes that are said and not taken yet. */
  get queuedBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** @returns false: it is not open. */
  say(saying: FromAgent): boolean {
    if (this.#phase !== 'open') return false;
    this.#saidMs = performance.now();
    this.#socket?.write(`${JSON.stringify(saying)}\n`);
    if (this.queuedBytes > MAX_QUEUED_BYTES) this.close('the manager takes nothing that is said');
    return this.isOpen;
  }

  close(why: string): void {
    this.#close(why, false);
  }

  #close(why: string, byProxy: boolean): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    clearInterval(this.#timer);
    this.#abort.abort();
    this.#socket?.destroy();
    this.#events.onClose(why, byProxy);
  }

  #onSecure(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'open';
    this.#openedMs = this.#heardMs = this.#saidMs = performance.now();
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
      if (saying.data.say === 'ping') continue;
      this.#isAnswered = true;
      this.#events.onHeard(saying.data);
    }
  }

  #look(): void {
    const nowMs = performance.now();
    // The process stood still: what came meanwhile is read first.
    const stoodMs = nowMs - this.#lookedMs - AGENT_PING_MS / 2;
    this.#lookedMs = nowMs;
    if (stoodMs > AGENT_PING_MS) {
      this.#heardMs += stoodMs;
      this.#openedMs += stoodMs;
    }
    if (this.#phase === 'connecting' && nowMs - this.#begunMs > CONNECT_MS)
      return this.close(`no connection within ${CONNECT_MS} ms`);
    if (this.#phase === 'securing' && nowMs - this.#begunMs > SECURE_MS) return this.close(`no handshake within ${SECURE_MS} ms`);
    if (this.#phase !== 'open') return;
    if (nowMs - this.#heardMs > AGENT_SILENCE_MS) return this.close(`the manager said nothing for ${AGENT_SILENCE_MS} ms`);
    if (!this.#isAnswered && nowMs - this.#openedMs > this.#answerMs)
      return this.close(`the manager did not answer our hello within ${this.#answerMs} ms`);
    if (nowMs - this.#saidMs >= AGENT_PING_MS / 2) {
      this.#saidMs = nowMs;
      this.#socket?.write(PING);
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
