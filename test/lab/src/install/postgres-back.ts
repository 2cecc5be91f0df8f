import { freshDebian, MAJOR_INSTALL, NEWER_BACKUPS, NEWER_MAJOR, withBackups, withNewerPostgres } from './debian.js';
import { forms, HOSTS, installPackages } from './forms.js';
import { DATA, type DataHost, isWhole, otherHost, serves } from './installed.js';
import { type Found, type FreshRun, type FreshStage, NOTHING_YET, onFreshHosts } from './on-fresh-hosts.js';
import { heard, restarted, switchTo } from './postgres.js';

export const POSTGRES_BACK = 'D4-postgres-back';

const WITHIN_MS = 180_000;
const CONTROLLER = 'yosugara-controller.service';
/** Written before each step. */
const ROWS = 1_000;

export interface PostgresBackRun extends FreshRun {
  /** Server version and rows of the Master, step by step. */
  readonly seen: string[];
}

/** With `--link` nothing is left of the old database: the way back to the major before is the backup; then once more forward, and a backup of that. */
export async function postgresBackOnce(say: (line: string) => void, packages: string | null): Promise<PostgresBackRun> {
  const found: Found<PostgresBackRun> = { ...NOTHING_YET, ms: {}, seen: [] };
  const base = async (tools: string) => await withBackups(await withNewerPostgres(await freshDebian(tools), tools), tools);
  return await onFreshHosts({ scenario: POSTGRES_BACK, say, packages, base }, found, async (stage) => {
    const { installed, timed } = stage;
    await Promise.all(HOSTS.map(({ name }) => installPackages(installed.hosts, name, stage.packages)));
    await forms(installed, timed);
    const first = (await installed.statusWhere('a', 'a Master', WITHIN_MS, ({ master }) => master !== null)).master as DataHost;
    await new Story(stage, found, otherHost(first)).run();
  });
}

class Story {
  readonly #stage: FreshStage;
  readonly #found: Found<PostgresBackRun>;
  /** Whose PostgreSQL is upgraded; it is not yet Master when the story begins. */
  readonly #node: DataHost;

  constructor(stage: FreshStage, found: Found<PostgresBackRun>, node: DataHost) {
    this.#stage = stage;
    this.#found = found;
    this.#node = node;
  }

  async run(): Promise<void> {
    const { installed, timed } = this.#stage;
    const { hosts } = installed;
    await this.#backupsOn();
    await this.#write(1);
    await timed('backup', () => this.#yosugara('backup', 'take', '--type', 'full'));
    // In no base backup: it comes back by the archived WAL.
    await this.#write(2);
    for (const name of DATA) await hosts.in(name, ['sh', '-c', `${MAJOR_INSTALL} && ${NEWER_BACKUPS}`], WITHIN_MS * 3);

    await timed('forward', () => this.#forward());
    await this.#sees('17.', 2 * ROWS);
    // Given up by the way back.
    await this.#write(3);

    await timed('back', () => this.#back());
    await this.#sees('15.', 2 * ROWS);
    await timed('backupAfterBack', () => this.#yosugara('backup', 'take', '--type', 'full'));
    await timed('recover', () => this.#recover());
    await this.#write(4);

    await timed('forwardAgain', () => this.#forward());
    await this.#sees('17.', 3 * ROWS);
    await timed('backupOfNewer', () => this.#yosugara('backup', 'take', '--type', 'full'));
    await hosts.in(otherHost(this.#node), ['mv', PGDATA, `${PGDATA}.before`]);
    await timed('recoverAgain', () => this.#recover());
  }

  /** As the page about backups says it; what was sent of WAL counts from the next start of PostgreSQL on. */
  async #backupsOn(): Promise<void> {
    const { installed } = this.#stage;
    const script = `set -e
install -d -o yosugara -g yosugara -m 0700 /var/backups/yosugara
(umask 077; cat > "$1")
chown yosugara:yosugara "$1"
printf 'backup:\\n  repository: { type: directory, path: /var/backups/yosugara }\\n' >> /etc/yosugara/yosugara.yaml`;
    const secret = '/var/lib/yosugara/state/secrets/backup-passphrase';
    for (const name of DATA)
      await installed.hosts.says(name, ['sh', '-c', script, 'sh', secret], 'a-line-of-the-passphrase-of-the-lab\n');
    await restarted(installed, this.#node);
    await switchTo(installed, this.#node);
    await restarted(installed, otherHost(this.#node));
  }

  async #write(step: number): Promise<void> {
    const text = `create table if not exists lab_back (step int, n int);
      insert into lab_back select ${step}, n from generate_series(1, ${ROWS}) n`;
    await this.#stage.installed.sql(this.#node, text, WITHIN_MS);
  }

  async #sees(version: string, rows: number): Promise<void> {
    const text = "select current_setting('server_version') || ', ' || count(*) || ' rows' as seen from lab_back";
    const [row] = await this.#stage.installed.sql<{ seen: string }>(this.#node, text, WITHIN_MS);
    this.#found.seen.push(row!.seen);
    if (!row!.seen.startsWith(version) || !row!.seen.endsWith(`, ${rows} rows`))
      throw new Error(`${this.#node} has ${row!.seen}; expected: ${version}, ${rows} rows`);
  }

  /** Stopped as one that was alone, upgraded by links, and started. */
  async #forward(): Promise<void> {
    const { installed, timed } = this.#stage;
    await this.#stop(otherHost(this.#node));
    await installed.statusWhere(this.#node, `${this.#node} alone`, WITHIN_MS, ({ nodes }) =>
      nodes.every(({ name, syncSet }) => syncSet === (name === this.#node)),
    );
    await this.#stopAll();
    const said = await timed('linked', () =>
      this.#yosugara('upgrade', 'postgres', '--replace', this.#node, '--to', String(NEWER_MAJOR), '--link'),
    );
    // The shared files are those of the new one: the old one cannot be started any more.
    const { setAside, backups } = JSON.parse(said) as { setAside: string; backups: string | null };
    if (backups !== null) throw new Error(`backups do not go on: ${backups}`);
    if (await installed.hosts.tries(this.#node, 'test', '-e', `${setAside}/global/pg_control`))
      throw new Error(`${setAside} could still be started`);
    await this.#start();
  }

  async #back(): Promise<void> {
    const { timed } = this.#stage;
    await this.#stopAll();
    const said = await timed('restored', () =>
      this.#yosugara('restore', '--to', 'latest', '--replace', this.#node, '--evidence', 'the newer major does not do'),
    );
    const { backups } = JSON.parse(said) as { backups: string | null };
    if (backups !== null) throw new Error(`backups do not go on: ${backups}`);
    await this.#start();
  }

  async #recover(): Promise<void> {
    const { installed } = this.#stage;
    const other = otherHost(this.#node);
    await installed.hosts.in(other, ['systemctl', 'start', CONTROLLER]);
    await heard(installed, this.#node, other);
    await this.#yosugara('recover', other);
    await installed.statusWhere(this.#node, `${other} is synchronous`, WITHIN_MS, isWhole);
  }

  async #yosugara(...args: readonly string[]): Promise<string> {
    return await this.#stage.installed.hosts.in(this.#node, ['yosugara', ...args, '--json'], WITHIN_MS);
  }

  async #stop(name: string): Promise<void> {
    await this.#stage.installed.hosts.in(name, ['systemctl', 'stop', CONTROLLER]);
  }

  async #stopAll(): Promise<void> {
    for (const name of [this.#node, 'w']) await this.#stop(name);
  }

  async #start(): Promise<void> {
    const { installed } = this.#stage;
    await Promise.all([this.#node, 'w'].map((name) => installed.hosts.in(name, ['systemctl', 'start', CONTROLLER])));
    await installed.statusWhere(this.#node, `${this.#node} serves`, WITHIN_MS, (status) => serves(status, this.#node));
  }
}

const PGDATA = '/var/lib/yosugara/data/pgdata';
