import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LabCluster } from '../cluster/cluster.js';
import { type DataName, PLACES, PORTS, type StoreName } from '../cluster/layout.js';
import { NODE } from '../host/assets.js';
import { LabToolError, monotonicMs, until } from '../host/shell.js';

/** Of one query: it reads all rows that there are. */
const COUNT_DEADLINE_MS = 600_000;
/** Nothing more comes. */
const STANDSTILL_MS = 20_000;

const BLASTER = fileURLToPath(new URL('blaster.js', import.meta.url));

/** A stream of numbered lines from the client host to one node's own address, over TCP: what was taken is in its journal, in order. */
export class Blast {
  readonly tag: string;
  readonly count: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  private constructor(child: ChildProcess, tag: string, count: number) {
    this.#child = child;
    this.tag = tag;
    this.count = count;
    this.#ended = new Promise((resolve) => {
      child.once('error', () => resolve(null));
      child.once('exit', (code) => resolve(code));
    });
  }

  /** @param perSecond 0: as fast as the node takes them. */
  static start(cluster: LabCluster, to: DataName, name: string, count: number, perSecond: number): Blast {
    const tag = `${name}/${Math.round(monotonicMs())}`;
    const args = [BLASTER, PLACES[to].address, PORTS.syslog, tag, count, perSecond].map(String);
    const inside = ['nsenter', `--net=/run/netns/${cluster.network.namespace('client')}`, NODE, ...args];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...inside], { stdio: ['ignore', 'ignore', 'inherit'] });
    return new Blast(child, tag, count);
  }

  /** Every line was taken by the receiver. @throws LabToolError it could not say all. */
  async taken(deadlineMs: number): Promise<void> {
    let code: number | null | undefined;
    void this.#ended.then((ended) => {
      code = ended;
    });
    await until(`the node to take ${this.count} lines`, deadlineMs, () => (code === undefined ? undefined : true), 100);
    if (code !== 0) throw new LabToolError('blaster', `ended with ${code}`);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  /** How many of its numbers a node holds, and how many of them more than once. */
  async stored(cluster: LabCluster, on: StoreName): Promise<{ readonly distinct: number; readonly rows: number }> {
    const number = `substring(text from ' number=([0-9]+) end')::int`;
    const [row] = await cluster.sql<{ distinct: number; rows: number }>(
      on,
      `SELECT count(DISTINCT ${number})::int AS distinct, count(*)::int AS rows FROM message WHERE ${this.#isOfIt}`,
      COUNT_DEADLINE_MS,
    );
    return row ?? { distinct: 0, rows: 0 };
  }

  async #rowsOn(cluster: LabCluster, on: StoreName): Promise<number> {
    const text = `SELECT count(*)::int AS rows FROM message WHERE ${this.#isOfIt}`;
    return (await cluster.sql<{ rows: number }>(on, text, COUNT_DEADLINE_MS))[0]?.rows ?? 0;
  }

  get #isOfIt(): string {
    return `text LIKE 'lab ${this.tag} number=%'`;
  }

  /** Waits until all of it is stored, or until nothing more comes. @throws LabToolError what is lost or doubled. */
  async demandStored(cluster: LabCluster, on: StoreName, deadlineMs: number): Promise<void> {
    let last = -1;
    let movedMs = monotonicMs();
    await until(
      `${this.count} lines of ${this.tag} on ${on}`,
      deadlineMs,
      async () => {
        const askedMs = monotonicMs();
        const rows = await this.#rowsOn(cluster, on);
        if (rows !== last) [last, movedMs] = [rows, monotonicMs()];
        if (rows >= this.count || monotonicMs() - movedMs > STANDSTILL_MS) return true;
        // All rows are read for it: mostly the machine is for those who store them.
        await delay(4 * (monotonicMs() - askedMs));
        return undefined;
      },
      1_000,
    );
    const held = await this.stored(cluster, on);
    if (held.distinct !== this.count || held.rows !== this.count)
      throw new LabToolError(
        'messages',
        `of ${this.count} of ${this.tag}, ${on} lacks ${this.count - held.distinct} and holds ${held.rows - held.distinct} more than once`,
      );
  }
}
