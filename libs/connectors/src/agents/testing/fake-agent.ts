import { randomBytes } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import {
  AGENT_INVENTORY_ALPN,
  AGENT_PING_MS,
  AGENT_PROTOCOL,
  AGENT_TRUST_ALPN,
  type FromAgent,
  MAX_AGENT_LINE_BYTES,
  type ToAgent,
  ToAgentSchema,
} from '@yosugara/protocol';
import type { AgentHello } from '@yosugara/runtime';
import type { Pem } from '../../pki/index.js';
import { LineFramer } from '../lines.js';

const PATIENCE_MS = 60_000;

export interface FakeAgentOptions extends Pem {
  readonly agent: string;
  readonly host: string;
  readonly port: number;
  /** PEM; how it knows the managers. */
  readonly cluster: string;
  readonly hello?: Partial<AgentHello>;
  /** Missing: yes. */
  readonly pings?: boolean;
  /** It knows the word `trust`. Missing: no, as agents before it. */
  readonly hearsTrust?: boolean;
  /** It knows the word `inventory`, and `trust`. Missing: no. */
  readonly hearsInventory?: boolean;
}

/** An agent that does nothing by itself but ping. */
export class FakeAgent {
  readonly heard: ToAgent[] = [];
  readonly socket: TLSSocket;
  readonly #o: FakeAgentOptions;
  readonly #wakers = new Set<() => void>();
  #pinging: ReturnType<typeof setInterval> | undefined;
  isClosed = false;

  constructor(options: FakeAgentOptions) {
    this.#o = options;
    const { host, port, key, certificate, cluster } = options;
    const words = [
      ...(options.hearsInventory === true ? [AGENT_INVENTORY_ALPN] : []),
      ...(options.hearsTrust === true ? [AGENT_TRUST_ALPN] : []),
    ];
    const offers = words.length > 0 ? { ALPNProtocols: words } : {};
    this.socket = connect({ host, port, key, cert: certificate, ca: cluster, minVersion: 'TLSv1.3', ...offers });
    const framer = new LineFramer(() => MAX_AGENT_LINE_BYTES);
    this.socket.on('data', (chunk: Buffer) => {
      for (const line of framer.push(chunk) ?? []) this.#take(line);
    });
    this.socket.on('error', () => undefined);
    this.socket.once('close', () => {
      this.isClosed = true;
      clearInterval(this.#pinging);
      this.#wake();
    });
    if (options.pings !== false) this.#pinging = setInterval(() => this.say({ say: 'ping' }), AGENT_PING_MS);
  }

  static helloOf(agent: string, more: Partial<AgentHello> = {}): AgentHello {
    return {
      ...{ say: 'hello', protocol: AGENT_PROTOCOL, version: '0.1.0', agent, highestEpoch: 0, acked: 0 },
      ...{ spool: randomBytes(16).toString('hex'), instance: randomBytes(16).toString('hex') },
      ...{ hostName: agent, addresses: ['127.0.0.1'], platform: 'LINUX', os: 'Debian 12', startedAtMs: Date.now(), ...more },
    };
  }

  /** Says who it is, too. */
  hello(): this {
    this.say(FakeAgent.helloOf(this.#o.agent, this.#o.hello));
    return this;
  }

  say(message: FromAgent): void {
    if (!this.socket.destroyed) this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** The first such word that it was told, or will be. @throws when the connection ends before, or nothing comes. */
  async told<Say extends ToAgent['say']>(say: Say, after = 0): Promise<Extract<ToAgent, { say: Say }>> {
    const find = () => this.heard.slice(after).find((message) => message.say === say);
    await this.until(() => find() !== undefined || this.isClosed, `it was told "${say}"`);
    const found = find();
    if (found === undefined) throw new Error(`closed; it was told ${JSON.stringify(this.heard)}`);
    return found as Extract<ToAgent, { say: Say }>;
  }

  async closed(): Promise<void> {
    await this.until(() => this.isClosed, 'its connection was closed');
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > untilMs)
        throw new Error(`not so: ${what}; it was told ${JSON.stringify(this.heard).slice(0, 500)}`);
      await new Promise<void>((resolve) => {
        this.#wakers.add(resolve);
        setTimeout(resolve, 50);
      });
    }
  }

  close(): void {
    clearInterval(this.#pinging);
    this.socket.destroy();
  }

  #take(line: string): void {
    const message = ToAgentSchema.parse(JSON.parse(line));
    if (message.say === 'ping') return;
    this.heard.push(message);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }
}
