import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BackupConfig, NodeConfig } from '@yosugara/protocol';
import { dataAccount } from '../os/account.js';
import { type Account, lastWords, type RunResult, run } from '../os/run.js';
import { type PostgresPaths, postgresPaths } from '../postgres/paths.js';
import { secretPath } from '../postgres/secrets.js';
import { BackupError, refusalOf } from './errors.js';
import { archivesOf, type BackupSet, parseInfo } from './info.js';
import { backupConfigFile, backupFolder, backupProgram, passphrase, SHORT_TIMEOUT_S, writeBackupConfig } from './place.js';
import { closed, drained, type Sum, summing } from './streams.js';

export type BackupType = 'full' | 'diff' | 'incr';

/** How far a copy is: 0 to 1, null while it is not known. */
export type OnProgress = (share: number | null, says: string) => void;

const COPY_DEADLINE_MS = 24 * 3_600_000;
const ASK_DEADLINE_MS = 5 * 60_000;

/** The cluster's repository of backups, as this node reaches it. Every call is one run of the program, by PostgreSQL's account. */
export class Repository {
  readonly config: NodeConfig;
  readonly backup: BackupConfig;
  readonly paths: PostgresPaths;
  readonly account: Account;
  readonly #program: string;

  private constructor(config: NodeConfig, backup: BackupConfig, program: string) {
    this.config = config;
    this.backup = backup;
    this.#program = program;
    this.paths = postgresPaths(config);
    this.account = dataAccount(this.paths.dataDir, config.postgres.user);
  }

  /** @throws BackupError BACKUP_NOT_CONFIGURED, BACKUP_PROGRAM_MISSING, BACKUP_SECRET. */
  static async open(config: NodeConfig): Promise<Repository> {
    if (config.backup === undefined)
      throw new BackupError('BACKUP_NOT_CONFIGURED', 'yosugara.yaml has no backup: it says where backups go (docs/backup.md)');
    const program = backupProgram();
    if (program === undefined)
      throw new BackupError('BACKUP_PROGRAM_MISSING', 'pgbackrest is missing: apt-get install pgbackrest');
    const repository = new Repository(config, config.backup, program);
    await writeBackupConfig(config, repository.paths, repository.account);
    return repository;
  }

  /** What is there; nothing: no backup was made yet. */
  async sets(): Promise<readonly BackupSet[]> {
    return parseInfo(await this.#info());
  }

  /** Folders that have the WAL of that system. */
  async archivesOf(systemId: string): Promise<readonly string[]> {
    return archivesOf(await this.#info(), systemId);
  }

  async #info(): Promise<string> {
    return (await this.#must(['info', '--output=json', `--io-timeout=${SHORT_TIMEOUT_S}`], ASK_DEADLINE_MS)).stdout;
  }

  /** The place for this database, made where it is missing. PostgreSQL must run here. */
  async prepare(): Promise<void> {
    await this.#must(['stanza-create'], ASK_DEADLINE_MS, { password: true });
  }

  /** The place is that of a database which is this one's ancestor, under another identifier or of another major version: it goes on with this one. */
  async goOn(): Promise<void> {
    await this.#must(['stanza-upgrade', '--no-online'], ASK_DEADLINE_MS);
  }

  /** A base backup of the PostgreSQL of this node, which must be the Master. @returns its set. */
  async take(type: BackupType, progress: OnProgress): Promise<BackupSet> {
    const args = ['backup', `--type=${type}`, '--log-level-console=detail'];
    const onLine = (line: string) => {
      const share = /\((?:[^(),]+, )?([\d.]+)%\)/.exec(line)?.[1];
      if (share !== undefined) progress(Math.min(1, Number(share) / 100), 'base backup');
      else if (/wait|check archive|start|new backup label/.test(line)) progress(null, wordsOf(line));
    };
    await this.#must(args, COPY_DEADLINE_MS, { password: true, onLine });
    const newest = (await this.sets()).at(-1);
    if (newest === undefined) throw new BackupError('BACKUP_FAILED', 'the backup ended well and is not in the repository');
    return newest;
  }

  /** Every file's sum, read back. @returns sentences about what is wrong; none: all of it is as it was put there. */
  async verify(progress: OnProgress): Promise<readonly string[]> {
    const args = ['verify', '--output=text', '--verbose', '--log-level-console=info'];
    const { stdout, code, stderr } = await this.#run(args, COPY_DEADLINE_MS, {
      onLine: (line) => progress(null, wordsOf(line)),
    });
    const wrong = /(?:checksum invalid|size invalid|missing|other): [1-9]|ERROR/;
    const found = `${stdout}\n${stderr}`.split('\n').filter((line) => wrong.test(line));
    if (code !== 0 && found.length === 0) throw failed('verify', { code, stdout, stderr });
    return [...new Set(found.map(wordsOf))];
  }

  /** Restores files only; whoever starts PostgreSQL on them replays the WAL. @param into an empty folder of PostgreSQL's account. */
  async fetch(into: string, set: string, target: readonly string[], progress: OnProgress): Promise<void> {
    // Tablespaces lie elsewhere: never over those of the database that serves.
    const apart = [`--pg1-path=${into}`, `--tablespace-map-all=${into}.tablespaces`];
    const args = ['restore', ...apart, `--set=${set}`, ...target, '--log-level-console=detail'];
    const onLine = (line: string) => {
      const share = /\((?:[^(),]+, )?([\d.]+)%\)/.exec(line)?.[1];
      if (share !== undefined) progress(Math.min(1, Number(share) / 100), 'restoring files');
    };
    await this.#must(args, COPY_DEADLINE_MS, { onLine }).catch((error: unknown) => {
      // What there is was read with this passphrase before.
      const isDamage = error instanceof BackupError && error.code === 'BACKUP_PASSPHRASE';
      throw isDamage ? new BackupError('BACKUP_DAMAGED', error.message, error) : error;
    });
  }

  /** A segment that PostgreSQL itself would not send (any more). Sent twice it is the same. @param file path of the segment. */
  async push(file: string): Promise<void> {
    await this.#must(['archive-push', '--no-archive-async', file], ASK_DEADLINE_MS);
  }

  /** Names of what lies in a folder of the repository. */
  async names(folder: string): Promise<readonly string[]> {
    const { stdout } = await this.#must(['repo-ls', '--output=json', folder], ASK_DEADLINE_MS, { bare: true });
    return Object.keys(JSON.parse(stdout === '' ? '{}' : stdout) as object).filter((name) => name !== '.');
  }

  /** Puts a file of our own beside the backups, encrypted as they are. @returns its sum before that. */
  async put(name: string, content: Readable | AsyncIterable<Buffer>): Promise<Sum> {
    const { through, sum } = summing();
    const child = this.#spawn(['repo-put', name]);
    const ended = closed(child);
    await pipeline(content, through, child.stdin).catch(async (cause: unknown) => {
      child.kill('SIGKILL');
      throw new BackupError('BACKUP_FAILED', `${name} could not be put into the repository: ${(await ended).stderr}`, cause);
    });
    const result = await ended;
    if (result.code !== 0) throw failed(`repo-put ${name}`, result);
    return sum();
  }

  /** Of what `put` put, as it is now. What cannot be decrypted any more has a sum, too: of as much as came. */
  async sumOf(name: string): Promise<Sum> {
    return await this.receive(name, drained);
  }

  /** As it comes; whoever takes it compares the sum before anything is done with it. */
  async receive(name: string, take: (source: AsyncIterable<Buffer>) => Promise<void>): Promise<Sum> {
    const { through, sum } = summing();
    const child = this.#spawn(['repo-get', name]);
    child.stdin.end();
    await Promise.all([pipeline(child.stdout, through, take), closed(child)]);
    return sum();
  }

  /** What `put` put. @throws BackupError BACKUP_NOT_FOUND. */
  async get(name: string): Promise<string> {
    const result = await this.#run(['repo-get', name], ASK_DEADLINE_MS, { bare: true, cipher: true });
    if (result.code === 0) return result.stdout;
    const says = wordsOf(lastWords(result));
    const code = /missing file/.test(says) ? 'BACKUP_NOT_FOUND' : refusalOf(result.code, says);
    throw new BackupError(code, `${name} cannot be read from the repository: ${says}`);
  }

  async #must(args: readonly string[], deadlineMs: number, options: CallOptions = {}): Promise<RunResult> {
    const result = await this.#run(args, deadlineMs, options);
    if (result.code !== 0) throw failed(args[0]!, result);
    return result;
  }

  async #run(args: readonly string[], deadlineMs: number, { onLine, bare, cipher, password }: CallOptions): Promise<RunResult> {
    return await run(this.#program, [...this.#common(bare === true), ...args], {
      account: this.account,
      cwd: backupFolder(this.paths),
      deadlineMs,
      givesWay: true,
      // The environment of a process is read by its own account and by root only.
      env: { ...(cipher === true ? this.#cipher() : {}), ...(password === true ? this.#password() : {}) },
      ...(onLine === undefined ? {} : { onLine }),
    });
  }

  #common(bare: boolean): readonly string[] {
    const stanza = bare ? [] : [`--stanza=${this.config.cluster.id}`];
    return [`--config=${backupConfigFile(this.paths)}`, ...stanza];
  }

  #cipher(): Readonly<Record<string, string>> {
    return this.backup.encrypted ? { PGBACKREST_CIPHER_PASS: passphrase(this.config) } : {};
  }

  #password(): Readonly<Record<string, string>> {
    return { PGPASSWORD: readFileSync(secretPath(this.config, 'postgresSuperuser'), 'utf8').split('\n')[0]!.trim() };
  }

  #spawn(args: readonly string[]) {
    const { switchTo, uid, gid } = this.account;
    return spawn(this.#program, [...this.#common(true), ...args], {
      cwd: backupFolder(this.paths),
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...this.#cipher() },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(switchTo ? { uid, gid } : {}),
    });
  }
}

interface CallOptions {
  readonly onLine?: (line: string) => void;
  /** Of the repository as a whole, not of the cluster's place in it. */
  readonly bare?: boolean;
  /** What is read or written is ours: its passphrase is given. */
  readonly cipher?: boolean;
  /** It asks PostgreSQL. */
  readonly password?: boolean;
}

function failed(what: string, result: RunResult): BackupError {
  const says = wordsOf(lastWords(result));
  return new BackupError(refusalOf(result.code, says), `pgbackrest ${what} ended with ${result.code}: ${says}`);
}

/** Without its clock and process. */
const wordsOf = (line: string): string => line.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ P\d\d +/g, '').trim();
