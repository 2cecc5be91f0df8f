import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Log, SILENT_LOG } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT, type Watermark } from '@yosugara/protocol';
import { freePorts } from '@yosugara/testkit';
import { afterAll, afterEach, expect } from 'vitest';
import { TestAuthority } from '../../../../libs/receivers/src/testing/certificates.js';
import { loadConfig, type RunningReceiver, startReceiver } from '../index.js';

export type DataNode = 'a' | 'b';

export interface Setting {
  /** Third number of its addresses, 127.0.<third>.x: specs run beside each other, and beside a local cluster. */
  readonly third: number;
  readonly vip?: boolean;
  /** Alternative names of a node's certificate; default: its address. */
  readonly names?: (node: DataNode) => readonly string[];
  /** Of custom traps; without it there is no such listener. */
  readonly token?: string;
  readonly receiver?: object;
}

export interface TwoReceivers {
  readonly address: Readonly<Record<DataNode | 'vip' | 'sender', string>>;
  readonly ports: Readonly<Record<(typeof PORTS)[number], number>>;
  /** A folder of this spec file, for whatever it needs besides. */
  readonly dir: string;
  readonly ca: TestAuthority;
  /** Called after each test, the last one first. */
  readonly closers: (() => unknown)[];
  /** A new cluster of two, with all that its nodes need on disk. */
  configs(receiver?: object): Readonly<Record<DataNode, NodeConfig>>;
  /** Until the end of the test. A disk that fails is a failure of the test. */
  start(config: NodeConfig, log?: Log): Promise<RunningReceiver>;
}

const PORTS = ['syslog', 'syslogTls', 'relp', 'customTrap', 'trap', 'journal'] as const;
const SMALL = { maxJournalMb: 64, receiveBufferBytes: 262_144 };

/** The two receivers of one spec file, on ports and loopback addresses of their own. Nothing is made before it is asked for. */
export async function twoReceivers(setting: Setting): Promise<TwoReceivers> {
  const numbers = await freePorts(PORTS.length);
  const ports = Object.fromEntries(PORTS.map((name, at) => [name, numbers[at]!])) as TwoReceivers['ports'];
  const on = (last: number) => `127.0.${setting.third}.${last}`;
  const address = { a: on(1), b: on(2), vip: on(10), sender: on(9) };
  const closers: (() => unknown)[] = [];
  let dir: string | null = null;
  let ca: TestAuthority | null = null;
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(() => {
    if (dir !== null) rmSync(dir, { recursive: true, force: true });
    ca?.remove();
  });
  let clusters = 0;
  const receivers: TwoReceivers = {
    address,
    ports,
    closers,
    get dir() {
      return (dir ??= mkdtempSync(join(tmpdir(), 'yosugara-receivers-')));
    },
    get ca() {
      return (ca ??= new TestAuthority());
    },
    configs(receiver = {}) {
      const cluster = join(receivers.dir, `cluster-${++clusters}`);
      const member = (id: string, kind: string, at: string) => ({ id, kind, address: at, peerId: id });
      const members = [member('a', 'data', address.a), member('b', 'data', address.b), member('w', 'witness', on(3))];
      const vip = setting.vip ? { vip: { address: address.vip, driver: 'bind' } } : {};
      const config = (node: DataNode) => {
        const stateDir = join(cluster, node);
        writeSecrets(stateDir, receivers.ca.issue(node, setting.names?.(node) ?? [`IP:${address[node]}`]), receivers.ca.caFile);
        if (setting.token !== undefined)
          writeFileSync(join(stateDir, STATE_LAYOUT.secrets.customTrapTokens), `${setting.token}\n`, { mode: 0o600 });
        const written = {
          ...{ cluster: { id: 'test', members, ...vip }, node, ports, stateDir, dataDir: stateDir },
          receiver: { ...SMALL, ...setting.receiver, ...receiver },
        };
        // JSON is YAML.
        writeFileSync(configFile({ stateDir }), JSON.stringify(written));
        return loadConfig(configFile({ stateDir }));
      };
      return { a: config('a'), b: config('b') };
    },
    async start(config, log = SILENT_LOG) {
      const receiver = await startReceiver(config, log, (error) => expect.fail(error.message), configFile(config));
      closers.push(() => receiver.stop());
      return receiver;
    },
  };
  return receivers;
}

function writeSecrets(stateDir: string, { keyFile, certFile }: ReturnType<TestAuthority['issue']>, caFile: string): void {
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  mkdirSync(dirname(join(stateDir, tlsKey)), { recursive: true });
  for (const [from, to] of [
    [keyFile, tlsKey],
    [certFile, tlsCert],
    [caFile, clusterCa],
  ] as const)
    copyFileSync(from, join(stateDir, to));
}

/** For a receiver that runs as a process of its own. */
export function configFile({ stateDir }: Pick<NodeConfig, 'stateDir'>): string {
  return join(stateDir, 'yosugara.yaml');
}

/** The journal being written, by its own receiver or as a copy. */
export function newest(mark: Watermark, side: 'own' | 'peer'): Watermark['journals'][number] | undefined {
  return mark.journals.findLast((journal) => journal.side === side);
}
