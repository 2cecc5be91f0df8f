import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrivateCluster } from '@yosugara/cli/testing/private-cluster';
import { alternate, type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';

const THIRD = 94;
const MB = 1_000_000;
const DATABASE_MB = 512;
const TICKS_A_SECOND = 100;
/** Half of it compresses, as rows of messages do. */
const FILL_SQL = `create table filler as
  select n, md5(random()::text) || md5(random()::text) as random, repeat('a line of a log ', 4) as text from generate_series(1, ${DATABASE_MB * 5_500}) n`;

interface Cost {
  readonly mbPerSecond: number;
  /** Processor time of all that it started, ms a megabyte of the database. */
  readonly cpuMs: number;
}

/** One node's cluster, whose backups go to the one repository or to the other. */
class Backups {
  readonly #cluster: PrivateCluster;
  #restores = 0;

  constructor(cluster: PrivateCluster) {
    this.#cluster = cluster;
  }

  async take(encrypted: boolean): Promise<Cost> {
    this.keepIn(encrypted);
    const { out, cost } = await this.#timed('backup', 'take', '--type', 'full');
    return cost((JSON.parse(out) as { taken: { set: { databaseBytes: number } } }).taken.set.databaseBytes / MB);
  }

  /** Replayed, every page read: what `yosugara restore` does. */
  async restore(encrypted: boolean): Promise<Cost> {
    this.keepIn(encrypted);
    const { out: listed } = await this.#run('backup', 'list');
    const { sets } = JSON.parse(listed) as { sets: { databaseBytes: number }[] };
    const folder = join(this.#cluster.dataDir('a'), `restored-${this.#restores++}`);
    const { cost } = await this.#timed('restore', '--into', folder);
    rmSync(folder, { recursive: true, force: true });
    return cost(sets.at(-1)!.databaseBytes / MB);
  }

  /** From the next command on. */
  keepIn(encrypted: boolean): void {
    for (const node of ['a', 'b']) {
      const file = join(this.#cluster.stateDir(node), 'yosugara.yaml');
      const [plain] = readFileSync(file, 'utf8').split('\nbackup:\n');
      const path = join(this.#cluster.root, encrypted ? 'sealed' : 'clear');
      writeFileSync(
        file,
        `${plain!.trimEnd()}\nbackup:\n  encrypted: ${encrypted}\n  repository: {type: directory, path: ${path}}\n`,
      );
    }
  }

  async #timed(...args: string[]) {
    const [beganMs, ticks] = [performance.now(), childTicks()];
    const { out } = await this.#run(...args);
    const seconds = (performance.now() - beganMs) / 1_000;
    const cpuMs = ((childTicks() - ticks) * 1_000) / TICKS_A_SECOND;
    return { out, cost: (mb: number): Cost => ({ mbPerSecond: mb / seconds, cpuMs: cpuMs / mb }) };
  }

  async #run(...args: string[]) {
    const done = await this.#cluster.yosugara(...args, '--json');
    if (done.code !== 0) throw new Error(`yosugara ${args.join(' ')}: ${done.notes}`);
    return done;
  }
}

/** Processor time of children that have ended, theirs included. */
function childTicks(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[13]) + Number(fields[14]);
}

async function measure(backups: Backups, what: 'take' | 'restore', runs: number): Promise<readonly Measure[]> {
  const cpu: { readonly ours: number[]; readonly peer: number[] } = { ours: [], peer: [] };
  const side = (encrypted: boolean, spent: number[]) => async () => {
    const { mbPerSecond, cpuMs } = await backups[what](encrypted);
    spent.push(cpuMs);
    return mbPerSecond;
  };
  const speed = await alternate(runs, side(true, cpu.ours), side(false, cpu.peer));
  // The first pair only warms up.
  const spent = { ours: cpu.ours.slice(1), peer: cpu.peer.slice(1) };
  const [mine, theirs] = [median(spent.ours), median(spent.peer)];
  const peerName = 'the same, in the clear';
  const note = `a database of ${DATABASE_MB} MB and more, compressed by zst, in a folder on this machine, one process; restore: replayed and every page read`;
  return [
    { name: `backup/${what}`, unit: 'MB/s', ...speed, peerName, note },
    { name: `backup/${what}-cpu`, unit: 'ms/MB', ours: mine, peer: theirs, ratio: mine / theirs, peerName, runs: spent },
  ];
}

export const BACKUP: Benchmark = {
  name: 'backup',
  what: 'a full backup and its restore, encrypted, against the same in the clear: MB/s of the database, processor time a megabyte',
  async run(options: BenchOptions) {
    const cluster = await PrivateCluster.open(THIRD);
    try {
      const backups = new Backups(cluster);
      backups.keepIn(true);
      for (const node of ['a', 'b'])
        writeFileSync(join(cluster.stateDir(node), 'secrets/backup-passphrase'), 'a-passphrase-of-the-bench\n', { mode: 0o600 });
      await cluster.born('a');
      options.say(`filling a database of ${DATABASE_MB} MB`);
      cluster.sql('a', FILL_SQL);
      return [...(await measure(backups, 'take', options.runs)), ...(await measure(backups, 'restore', options.runs))];
    } finally {
      await cluster.close();
    }
  },
};
