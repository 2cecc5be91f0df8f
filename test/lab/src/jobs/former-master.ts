import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StartInstruction } from '@yosugara/protocol';
import type { LabCluster } from '../cluster/cluster.js';
import type { DataName } from '../cluster/layout.js';
import { AGENT_PORT } from '../host/agents.js';
import { NODE } from '../host/assets.js';
import { until } from '../host/shell.js';

export type FormerMasterOrder =
  | { readonly do: 'listen'; readonly port: number; readonly key: string; readonly certificate: string }
  | { readonly do: 'speak'; readonly starts: Readonly<Record<string, readonly StartInstruction[]>> };

export interface FormerMasterSaid {
  /** To whom it spoke. */
  readonly agents: number;
  readonly said: number;
  /** Runs that agents knew already: they said how these are. */
  readonly answered: number;
}

const PROGRAM = fileURLToPath(new URL('former-master-program.js', import.meta.url));
const PORT = 18_084;
const TABLE = 'ip lab_former';
/** Of new connections alone: those that the frozen manager has stay with it. */
const REDIRECT = `table ${TABLE} { chain prerouting { type nat hook prerouting priority -100; tcp dport ${AGENT_PORT} tcp flags & (syn|ack) == syn redirect to :${PORT}; }; }`;
const LISTENS_MS = 10_000;
/** An agent whose connection to the frozen host hangs in its handshake tries anew after 10 s. */
const HEARD_MS = 40_000;

/**
 * A frozen manager that is thawed ends before it says anything: its lease is over by its own clock, and its dead man kills it. What an agent
 * would make of one that does not know it is seen here: a program with that node's certificate, at its address, takes the connections that
 * agents make anew, and says to them what their former Master would still have had to say.
 */
export class FormerMaster {
  readonly #cluster: LabCluster;
  readonly #on: DataName;
  readonly #child: ChildProcess;
  #said: FormerMasterSaid | null = null;

  private constructor(cluster: LabCluster, on: DataName, child: ChildProcess) {
    this.#cluster = cluster;
    this.#on = on;
    this.#child = child;
    child.on('error', () => {});
    child.on('message', (said: FormerMasterSaid) => {
      this.#said = said;
    });
  }

  /** @param on the frozen host. */
  static async listen(cluster: LabCluster, on: DataName): Promise<FormerMaster> {
    const inside = [`--net=/run/netns/${cluster.network.namespace(on)}`, NODE, PROGRAM];
    const child = spawn('nsenter', inside, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const made = new FormerMaster(cluster, on, child);
    const [key, certificate] = [cluster.secretText(on, 'tls.key'), cluster.secretText(on, 'tls.crt')];
    made.#order({ do: 'listen', port: PORT, key, certificate });
    await until('somebody in the place of the frozen Master', LISTENS_MS, () => made.#said ?? undefined);
    await cluster.network.exec(on, 'nft', [REDIRECT]);
    return made;
  }

  /** @param starts by agent. Resolves when all were said. */
  async speak(starts: Readonly<Record<string, readonly StartInstruction[]>>): Promise<void> {
    const agents = Object.keys(starts).length;
    this.#order({ do: 'speak', starts });
    await until(`the former Master to have spoken to ${agents} agents`, HEARD_MS, () =>
      this.said.agents === agents ? true : undefined,
    );
  }

  get said(): FormerMasterSaid {
    return this.#said ?? { agents: 0, said: 0, answered: 0 };
  }

  /** Safe to call twice, and when its host is off. */
  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#cluster.network.exec(this.#on, 'nft', ['delete', 'table', ...TABLE.split(' ')]).catch(() => undefined);
  }

  #order(order: FormerMasterOrder): void {
    this.#child.send(order);
  }
}
