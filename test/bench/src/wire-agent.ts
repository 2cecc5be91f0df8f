import { randomBytes } from 'node:crypto';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { AGENT_PING_MS, AGENT_PROTOCOL, type AgentNews, type FromAgent, type RunEnd, type ToAgent } from '@yosugara/protocol';
import type { AgentIdentity } from './job-agents.js';

/** Of a command: between its start and its end the start is told. */
const RUN_MS = 20;

/** An agent as managers see it, which makes no processes: whoever measures what managers can do has the cores for that. */
export class WireAgent {
  readonly #socket: TLSSocket;
  readonly #pings: ReturnType<typeof setInterval>;
  readonly #said = new Set<string>();
  #number = 0;
  #rest = '';
  isIn = false;
  /** Why it ended. */
  trouble: string | null = null;

  constructor({ agent, key, certificate, authority }: AgentIdentity, host: string, port: number) {
    const secureContext = createSecureContext({ key, cert: certificate, ca: authority, minVersion: 'TLSv1.3' });
    this.#socket = connect({ host, port, secureContext, checkServerIdentity: () => undefined });
    this.#socket.setNoDelay(true);
    this.#socket.on('secureConnect', () => this.#say(helloOf(agent)));
    this.#socket.on('data', (chunk: Buffer) => this.#heard(chunk.toString()));
    this.#socket.on('error', (error) => (this.trouble ??= error.message));
    this.#socket.on('close', () => (this.trouble ??= 'the connection ended'));
    this.#pings = setInterval(() => this.isIn && this.#say({ say: 'ping' }), AGENT_PING_MS);
  }

  close(): void {
    clearInterval(this.#pings);
    this.trouble = 'closed';
    this.#socket.destroy();
  }

  #heard(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#take(JSON.parse(line) as ToAgent);
  }

  #take(message: ToAgent): void {
    if (message.say === 'welcome') this.isIn = true;
    else if (message.say === 'go-away') this.trouble = message.why;
    else if (message.say === 'start') {
      const { run, epoch } = message;
      // Told once more, it is known.
      if (this.#said.has(run)) return;
      this.#said.add(run);
      this.#say({ say: 'taken', run });
      this.#say({ say: 'start-check', run, epoch, nonce: randomBytes(16).toString('hex') });
    } else if (message.say === 'start-answer') this.#run(message.run, message.go);
  }

  #run(run: string, go: boolean): void {
    if (!go) return;
    const startedAtMs = Date.now();
    this.#tell({ kind: 'run-started', run, atMs: startedAtMs, pid: 1 });
    setTimeout(() => this.#tell({ kind: 'run-ended', end: endOf(run, startedAtMs) }), RUN_MS);
  }

  #tell(news: AgentNews): void {
    this.#say({ say: 'news', first: ++this.#number, news: [news] });
  }

  #say(message: FromAgent): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}

const endOf = (run: string, startedAtMs: number): RunEnd => ({
  ...{ run, atMs: Date.now(), startedAtMs, outcome: 'exited', code: 0, signal: null, why: '' },
  ...{ stdout: 'done\n', stderr: '', stdoutBytes: 5, stderrBytes: 0, variables: {}, outputTrouble: null },
});

const helloOf = (agent: string): FromAgent => ({
  ...{ say: 'hello', protocol: AGENT_PROTOCOL, version: '0.1.0', agent, highestEpoch: 0, acked: 0 },
  ...{ spool: randomBytes(16).toString('hex'), instance: randomBytes(16).toString('hex') },
  ...{ hostName: agent, addresses: ['127.0.0.1'], platform: 'LINUX', os: 'Linux', startedAtMs: Date.now() },
});
