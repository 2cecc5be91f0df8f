import { randomBytes } from 'node:crypto';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { certificatePem, issueAgent, newAuthority, newRequest } from '@yosugara/connectors/pki';
import { AGENT_PING_MS, AGENT_PROTOCOL, agentNameOf } from '@yosugara/protocol';

const PING = '{"say":"ping"}\n';
/** As agents do: each begins again after a while of its own. */
const AGAIN_MS = 500;

interface One {
  readonly agent: string;
  readonly context: SecureContext;
  readonly hello: string;
  socket: TLSSocket | null;
  isIn: boolean;
  welcomedAtMs: number;
}

/** Very many agents in one process: each with a certificate and a connection of its own, none with anything to do. */
export class AgentCrowd {
  /** PEM. */
  readonly authority: string;
  readonly #all: readonly One[];
  readonly #pings: ReturnType<typeof setInterval>;
  #port = 0;
  #host = '';
  #isClosed = false;
  /** Connections that ended before they were let in. */
  failures = 0;

  private constructor(authority: string, all: readonly One[]) {
    this.authority = authority;
    this.#all = all;
    let turn = 0;
    // A tenth of them each time: two thousand pings in one moment would be a storm of our own.
    this.#pings = setInterval(() => {
      turn += 1;
      for (let at = turn % 10; at < all.length; at += 10) if (all[at]!.isIn) all[at]!.socket?.write(PING);
    }, AGENT_PING_MS / 10);
  }

  static async make(count: number, clusterCa: string): Promise<AgentCrowd> {
    const authority = await newAuthority('bench', 'agents');
    const all: One[] = [];
    // One key for all: what is measured is the manager's part, and that is the same.
    const { key, request } = await newRequest('agent:bench');
    for (let at = 0; at < count; at++) {
      const agent = `n${at}`;
      const { certificate } = await issueAgent(authority, agent, request, Date.now());
      if (!certificate.includes('BEGIN')) throw new Error(`no certificate for ${agentNameOf(agent)}`);
      const context = createSecureContext({ key, cert: certificate, ca: clusterCa, minVersion: 'TLSv1.3' });
      all.push({ agent, context, hello: helloOf(agent), socket: null, isIn: false, welcomedAtMs: 0 });
    }
    return new AgentCrowd(certificatePem(authority.certificate), all);
  }

  get connected(): number {
    return this.#all.filter(({ isIn }) => isIn).length;
  }

  /** When each was let in last, by `performance.now()`, in order. */
  welcomes(): readonly number[] {
    return this.#all.map(({ welcomedAtMs }) => welcomedAtMs).sort((one, other) => one - other);
  }

  /** Where they go from now on; who is connected stays as long as that lasts. */
  goTo(host: string, port: number): void {
    this.#host = host;
    this.#port = port;
    for (const one of this.#all) if (one.socket === null) this.#connect(one);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#pings);
    for (const { socket } of this.#all) socket?.destroy();
  }

  #connect(one: One): void {
    if (this.#isClosed || one.socket !== null) return;
    const socket = connect({ host: this.#host, port: this.#port, secureContext: one.context, servername: 'b' });
    one.socket = socket;
    socket.setNoDelay(true);
    socket.on('secureConnect', () => socket.write(one.hello));
    socket.on('data', (chunk: Buffer) => {
      if (!one.isIn && chunk.includes('"welcome"')) {
        one.isIn = true;
        one.welcomedAtMs = performance.now();
      }
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (!one.isIn) this.failures += 1;
      one.isIn = false;
      one.socket = null;
      setTimeout(() => this.#connect(one), Math.random() * AGAIN_MS);
    });
  }
}

const helloOf = (agent: string): string =>
  `${JSON.stringify({
    ...{ say: 'hello', protocol: AGENT_PROTOCOL, version: '0.1.0', agent, highestEpoch: 0, acked: 0 },
    ...{ spool: randomBytes(16).toString('hex'), instance: randomBytes(16).toString('hex') },
    ...{ hostName: agent, addresses: ['127.0.0.1'], platform: 'LINUX', os: 'Linux', startedAtMs: Date.now() },
  })}\n`;
