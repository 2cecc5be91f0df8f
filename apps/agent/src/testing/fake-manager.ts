import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type TLSSocket } from 'node:tls';
import { LineFramer } from '@yosugara/connectors/agent-lines';
import {
  type Authority,
  certificatePem,
  issueAgent,
  issueMember,
  newAuthority,
  newRequest,
  type Pem,
} from '@yosugara/connectors/pki';
import {
  type AgentNews,
  type FromAgent,
  FromAgentSchema,
  JOIN_PATH,
  JoinRequestSchema,
  MAX_AGENT_LINE_BYTES,
  type RunEnd,
  type StartInstruction,
  type ToAgent,
} from '@yosugara/protocol';
import { until } from '@yosugara/testkit';

/** A cluster's authorities, and certificates of its members and agents. */
export class FakeCluster {
  readonly members: Authority;
  readonly agents: Authority;
  readonly member: Pem;

  private constructor(members: Authority, agents: Authority, member: Pem) {
    this.members = members;
    this.agents = agents;
    this.member = member;
  }
  static async make(): Promise<FakeCluster> {
    const members = await newAuthority('fake');
    return new FakeCluster(members, await newAuthority('fake-agents'), await issueMember(members, 'a', ['127.0.0.1']));
  }
  get authority(): string {
    return certificatePem(this.members.certificate);
  }
  get fingerprint(): string {
    return createHash('sha256').update(Buffer.from(this.members.certificate.rawData)).digest('hex');
  }
  async identityOf(agent: string, bornMs = Date.now(), days = 365) {
    const { key, request } = await newRequest(`agent:${agent}`);
    const { certificate } = await issueAgent(this.agents, agent, request, bornMs, days);
    return { agent, key, certificate, authority: this.authority };
  }
}

/** What all managers of a cluster have together: the database. */
export class FakeDatabase {
  readonly news: AgentNews[] = [];
  readonly spools = new Set<string>();
  /** Said, but not kept: committing fails. */
  fails = false;
  get ends(): readonly RunEnd[] {
    return this.news.flatMap((news) => (news.kind === 'run-ended' ? [news.end] : []));
  }
  of<Kind extends AgentNews['kind']>(kind: Kind): Extract<AgentNews, { kind: Kind }>[] {
    return this.news.filter((news) => news.kind === kind) as Extract<AgentNews, { kind: Kind }>[];
  }
  take(first: number, news: readonly AgentNews[]): number {
    if (first > this.news.length + 1) throw new Error(`a gap: ${first} after ${this.news.length}`);
    this.news.push(...news.slice(this.news.length + 1 - first));
    return this.news.length;
  }
}

/** Listens where agents come to, says what it is told to say, and keeps what it hears. */
export class FakeManager {
  readonly heard: FromAgent[] = [];
  readonly #server;
  readonly #database: FakeDatabase;
  readonly #cluster: FakeCluster;
  readonly #sockets = new Set<TLSSocket>();
  /** Not taken yet: said again to whoever comes, since the connection that it was said to may have ended just then. */
  readonly #untaken = new Map<string, ToAgent>();
  #joins = createHttpServer();
  #agent: TLSSocket | null = null;
  /** null = it is no Master, and warm. */
  epoch: number | null;
  isSilent = false;
  answersChecks = true;
  answersHellos = true;
  go = true;
  certificateDays = 365;
  readonly tokens = new Set<string>();

  private constructor(cluster: FakeCluster, database: FakeDatabase, epoch: number | null) {
    this.#cluster = cluster;
    this.#database = database;
    this.epoch = epoch;
    const { key, certificate } = cluster.member;
    const ca = certificatePem(cluster.agents.certificate);
    this.#server = createServer({
      key,
      cert: `${certificate}${cluster.authority}`,
      ca,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    });
    this.#server.on('secureConnection', (socket) => this.#onSocket(socket));
    this.#joins.on('request', (request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => {
        text += part.toString();
      });
      request.on(
        'end',
        () =>
          void this.#join(request.url ?? '', text).then(({ status, body }) =>
            response.writeHead(status, { connection: 'close' }).end(JSON.stringify(body)),
          ),
      );
    });
  }

  static async start(cluster: FakeCluster, database: FakeDatabase, epoch: number | null, port = 0): Promise<FakeManager> {
    const manager = new FakeManager(cluster, database, epoch);
    await new Promise<void>((resolve, reject) => manager.#server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return manager;
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }
  get isServing(): boolean {
    return this.#agent !== null;
  }

  /** From now on it is the Master. */
  promote(epoch: number): void {
    this.epoch = epoch;
    for (const socket of this.#sockets) this.#welcome(socket);
  }
  say(saying: ToAgent): void {
    if (this.#agent !== null) write(this.#agent, saying);
  }
  /** To whoever is connected. */
  sayRaw(text: string): void {
    for (const socket of this.#sockets) socket.write(text);
  }
  start(over: Partial<StartInstruction>): void {
    const saying: StartInstruction = {
      ...{ say: 'start', epoch: this.epoch ?? 0, run: 's/u/j/n/1', command: 'true', user: null, environment: {}, script: null },
      ...{ stopCommand: null, timeoutMs: null, keepOutputBytes: 1_000, stdout: null, stderr: null, variables: [], ...over },
    };
    this.#untaken.set(saying.run, saying);
    this.say(saying);
  }
  saidOf<Say extends FromAgent['say']>(say: Say): Extract<FromAgent, { say: Say }>[] {
    return this.heard.filter((saying) => saying.say === say) as Extract<FromAgent, { say: Say }>[];
  }
  async serves(): Promise<void> {
    await until(() => this.isServing);
  }
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
  async close(): Promise<void> {
    this.cut();
    this.#joins.close();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #onSocket(socket: TLSSocket): void {
    socket.on('error', () => undefined);
    if (socket.getPeerX509Certificate() === undefined) return void this.#joins.emit('connection', socket);
    if (!socket.authorized) return void socket.destroy();
    this.#sockets.add(socket);
    const pings = setInterval(() => this.isSilent || write(socket, { say: 'ping' }), 500);
    socket.once('close', () => {
      clearInterval(pings);
      this.#sockets.delete(socket);
      if (this.#agent === socket) this.#agent = null;
    });
    const framer = new LineFramer(() => MAX_AGENT_LINE_BYTES);
    socket.on('data', (chunk: Buffer) => {
      for (const line of framer.push(chunk) ?? []) this.#hear(socket, FromAgentSchema.parse(JSON.parse(line)));
    });
  }

  #hear(socket: TLSSocket, saying: FromAgent): void {
    // What was under way when it was sent away is not heard.
    if (saying.say === 'ping' || this.isSilent || socket.writableEnded) return;
    this.heard.push(saying);
    if (saying.say === 'taken' || saying.say === 'state') this.#untaken.delete(saying.run);
    if (saying.say === 'hello') {
      if (!this.answersHellos) return;
      this.#database.spools.add(saying.spool);
      if (this.epoch === null) write(socket, { say: 'wait', why: 'it is warm', master: null });
      else this.#welcome(socket);
    } else if (saying.say === 'news') {
      if (this.#database.fails) {
        write(socket, { say: 'go-away', code: 'busy', why: 'the database is away', master: null });
        socket.end();
      } else write(socket, { say: 'committed', number: this.#database.take(saying.first, saying.news) });
    } else if (saying.say === 'start-check' && this.answersChecks)
      write(socket, { say: 'start-answer', run: saying.run, nonce: saying.nonce, go: this.go, why: 'it is so' });
    else if (saying.say === 'renew') void this.#renew(socket, saying.request);
  }

  #welcome(socket: TLSSocket): void {
    this.#agent = socket;
    write(socket, { say: 'welcome', epoch: this.epoch!, committed: this.#database.news.length, managers: [] });
    for (const saying of this.#untaken.values()) write(socket, saying);
  }

  async #renew(socket: TLSSocket, request: string): Promise<void> {
    const { certificate } = await issueAgent(this.#cluster.agents, 'n', request, Date.now(), this.certificateDays);
    write(socket, { say: 'renewed', certificate, authority: this.#cluster.authority, why: '' });
  }

  async #join(url: string, text: string): Promise<{ readonly status: number; readonly body: object }> {
    const asked = JoinRequestSchema.parse(JSON.parse(text));
    if (url !== JOIN_PATH || !this.tokens.delete(asked.token))
      return { status: 401, body: { code: 'TOKEN', message: 'this token is not known' } };
    const { certificate, notAfter } = await issueAgent(this.#cluster.agents, asked.agent, asked.request, Date.now());
    const managers = [{ host: '127.0.0.1', port: this.port }];
    return { status: 200, body: { certificate, authority: this.#cluster.authority, managers, notAfter: notAfter.toISOString() } };
  }
}

function write(socket: TLSSocket, saying: ToAgent): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(saying)}\n`);
}
