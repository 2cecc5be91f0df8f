import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Socket, type TcpNetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, nodeId, SILENT_LOG } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import type { PostgresHost, PostgresPeer } from '@yosugara/runtime';
import { eventually, freePorts, PATIENCE_MS } from '@yosugara/testkit';
import pg from 'pg';
import type { HostDeadMan } from '../deadman/port.js';
import { monotonicMs } from '../deadman/protocol.js';
import { startDeadMan } from '../deadman/start.js';
import { createPostgresHost } from '../postgres/host.js';

/** Real nodes for specifications: temporary folders, loopback addresses 127.0.2.x, everything killed and removed at the end. */
export const CLOCK: Clock = { monotonicMs, wallMs: () => Date.now() };
export const [A, B] = [nodeId('a'), nodeId('b')];
const ADDRESSES = { a: '127.0.2.1', b: '127.0.2.2', w: '127.0.2.3', vip: '127.0.2.10' } as const;

export interface TestNode {
  readonly config: NodeConfig;
  readonly deadMan: HostDeadMan;
  readonly postgres: PostgresHost;
  readonly peer: PostgresPeer;
}

type StoppedFacts = Extract<ReturnType<PostgresHost['facts']>, { readonly kind: 'stopped' }>;

export class Testbed {
  readonly root: string;
  readonly seed = randomBytes(32).toString('base64');
  readonly #ports: { postgres: number; status: number };
  readonly #open: (() => Promise<void>)[] = [];
  readonly #tls: boolean;
  /** Both nodes have a repository of backups in common: a folder, or what is said. */
  readonly #backups: boolean | object;

  private constructor(ports: { postgres: number; status: number }, tls: boolean, backups: boolean | object) {
    this.#ports = ports;
    this.#tls = tls;
    this.#backups = backups;
    this.root = mkdtempSync(join(tmpdir(), 'yosugara-host-'));
    chmodSync(this.root, 0o755);
    if (tls) makeAuthority(this.root);
  }

  static async open(options: { readonly tls?: boolean; readonly backups?: boolean | object } = {}): Promise<Testbed> {
    const [postgres, status] = (await freePorts(2)) as [number, number];
    return new Testbed({ postgres, status }, options.tls ?? false, options.backups ?? false);
  }

  config(node: 'a' | 'b', vip?: 'bind'): NodeConfig {
    const stateDir = join(this.root, node, 'state');
    if (!existsSync(stateDir)) this.#makeSecrets(stateDir, node);
    const members = (['a', 'b', 'w'] as const).map((id) => ({
      id,
      kind: id === 'w' ? ('witness' as const) : ('data' as const),
      address: ADDRESSES[id],
      peerId: `peer-${id}`,
    }));
    return NodeConfigSchema.parse({
      cluster: { id: `t${this.#ports.postgres}`, members, ...(vip ? { vip: { address: ADDRESSES.vip, driver: vip } } : {}) },
      node,
      ports: this.#ports,
      stateDir,
      dataDir: join(this.root, node, 'data'),
      postgres: { sharedBuffersMb: 16 },
      ...(this.#backups === false ? {} : { backup: this.#backup(this.#backups) }),
      // Never the watchdog of the machine that runs the specifications.
      watchdog: { device: join(this.root, 'watchdog') },
    });
  }

  /** Dead man and PostgreSQL's hands of one node. */
  async node(
    name: 'a' | 'b',
    options: { readonly useGroups?: boolean; readonly manager?: readonly string[]; readonly config?: NodeConfig } = {},
  ): Promise<TestNode> {
    const config = options.config ?? this.config(name);
    const { useGroups = true, manager } = options;
    const managerSpec = manager && {
      manager: { argv: manager, env: { PATH: '/usr/bin:/bin' }, cwd: '/', logFile: join(config.stateDir, 'logs/manager.log') },
    };
    const deadMan = await startDeadMan({
      config,
      bootId: `boot-${name}`,
      log: SILENT_LOG,
      clock: CLOCK,
      useGroups,
      ...managerSpec,
    });
    this.onClose(() => deadMan.close());
    const postgres = createPostgresHost({ config, deadMan, log: SILENT_LOG, clock: CLOCK });
    this.onClose(() => postgres.close());
    return { config, deadMan, postgres, peer: { node: nodeId(name), address: ADDRESSES[name], port: this.#ports.postgres } };
  }

  /** A primary on `a`, alone. */
  async primary(options?: { readonly useGroups?: boolean; readonly config?: NodeConfig }): Promise<TestNode> {
    const node = await this.node('a', options);
    await node.postgres.initialise();
    await node.postgres.startPrimary([]);
    return node;
  }

  /** A client session of the application role, over TCP as a real client comes. @param from loopback address that it comes from */
  async client(node: TestNode, address: string = node.peer.address, from?: string): Promise<pg.Client> {
    const client = new pg.Client({
      ...(from === undefined ? {} : { stream: () => socketFrom(from) }),
      host: address,
      port: node.peer.port,
      user: 'yosugara_app',
      database: 'yosugara',
      password: 'app-secret',
      ...(this.#tls ? { ssl: { rejectUnauthorized: false } } : {}),
    });
    client.on('error', () => {});
    await client.connect();
    this.onClose(async () => {
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    });
    return client;
  }

  onClose(step: () => Promise<void>): void {
    this.#open.push(step);
  }

  async close(): Promise<void> {
    for (const step of this.#open.reverse()) await step().catch(() => {});
    rmSync(this.root, { recursive: true, force: true });
  }

  #backup(said: true | object): object {
    return said === true ? { repository: { type: 'directory', path: join(this.root, 'repository') } } : said;
  }

  #makeSecrets(stateDir: string, node: string): void {
    const { secrets } = STATE_LAYOUT;
    mkdirSync(join(stateDir, 'secrets'), { recursive: true });
    const write = (name: string, text: string) => writeFileSync(join(stateDir, name), text, { mode: 0o600 });
    write(secrets.identity, `${this.seed}\n`);
    // Every character that some layer on the way might take for its own.
    for (const name of ['postgresSuperuser', 'postgresReplication', 'postgresManager'] as const)
      write(secrets[name], `s:ecr\\et'${name}\n`);
    write(secrets.postgresApp, 'app-secret\n');
    write(secrets.backupPassphrase, 'a-passphrase-of-the-specs\n');
    if (this.#tls) issueCertificate(this.root, join(stateDir, 'secrets'), node);
  }
}

/**
 * Stops PostgreSQL, and says what is seen of it then. The verb itself waits a second for that look and no longer: on a busy host it
 * may end without.
 */
export async function stopped({ postgres }: TestNode, mode: 'fast' | 'kill' = 'fast'): Promise<StoppedFacts> {
  await postgres.stop(mode, PATIENCE_MS);
  return await eventually('it is seen stopped', () => {
    const facts = postgres.facts();
    return facts.kind === 'stopped' ? facts : null;
  });
}

export { eventually, PATIENCE_MS };

const openssl = (args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' });

function makeAuthority(root: string): void {
  openssl([
    'req',
    '-x509',
    '-newkey',
    'ed25519',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test ca',
    '-keyout',
    `${root}/ca.key`,
    '-out',
    `${root}/ca.crt`,
  ]);
}

/** As the cluster's own: it carries the node's name. */
function issueCertificate(root: string, secrets: string, node: string): void {
  openssl([
    'req',
    '-newkey',
    'ed25519',
    '-nodes',
    '-subj',
    `/CN=${node}`,
    '-keyout',
    `${secrets}/tls.key`,
    '-out',
    `${secrets}/tls.csr`,
  ]);
  openssl([
    'x509',
    '-req',
    '-in',
    `${secrets}/tls.csr`,
    '-CA',
    `${root}/ca.crt`,
    '-CAkey',
    `${root}/ca.key`,
    '-CAcreateserial',
    '-days',
    '2',
    '-out',
    `${secrets}/tls.crt`,
  ]);
  writeFileSync(`${secrets}/ca.crt`, execFileSync('cat', [`${root}/ca.crt`]));
}

/** pg calls `connect(port, host)` of the socket that it is given. */
function socketFrom(localAddress: string): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket) as (options: TcpNetConnectOpts) => Socket;
  return Object.assign(socket, { connect: (port: number, host: string) => connect({ port, host, localAddress }) });
}
