import { chmod, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresFacts } from '@yosugara/failover';
import { explain, type Lsn, type NodeId, parseLsn } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import type { CopyDone, PostgresHost, PostgresPeer, Progress, Survey } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { members, signal } from '../os/containment.js';
import { isThere, ownFolder, readIfThere, syncFolder } from '../os/files.js';
import { lockEvidence } from '../os/lock-evidence.js';
import { titledChildren } from '../os/processes.js';
import { baseBackup } from './base-backup.js';
import { type HostContext, hostContext, inPgdata, localTarget, type PostgresHostOptions } from './context.js';
import { historyFile } from './control-data.js';
import { damageIn, endOfLog, type LogPlace, waitsInVain } from './damage.js';
import { parseHistory } from './history.js';
import { initialise } from './initialise.js';
import { rewind } from './rewind.js';
import { handOverSecrets } from './secrets.js';
import { type RoleSettings, slotName, writeSettings, writeSignal } from './settings.js';
import { type Session, withSession } from './sql.js';
import { survey, verifyPages } from './survey.js';
import { awaitNames } from './sync-names.js';
import { dropTakenTimelines, takeTimelines } from './timelines.js';
import { mark, unmark, whyUnfinished } from './unfinished.js';
import { Watch } from './watch.js';

const STOP_LOOK_MS = 1_000;
/** A look has its own deadline; one that was under way may come before it. */
const AFTER_LOOK_MS = 2_000;
const START_WAIT_MS = 10_000;
const PROMOTE_SECONDS = 60;
const CUT_DEADLINE_MS = 10_000;
const SESSION_MS = 5_000;
const RELOAD_DEADLINE_MS = 2_000;
const CHECKPOINT_MS = 10 * 60_000;
/** So long without a walreceiver after the reload: the startup process has taken note, see `follow`. */
const CUT_SETTLED_MS = 100;

/** @throws PostgresControlError PROGRAMS_MISSING, ACCOUNT_MISSING. */
export function createPostgresHost(options: PostgresHostOptions): PostgresHost {
  return new LocalPostgres(hostContext(options));
}

class LocalPostgres implements PostgresHost {
  readonly #host: HostContext;
  readonly #watch: Watch;
  #role: RoleSettings = { names: [], follow: null };
  /** One verb at a time; only stop goes ahead of them, since it must work when one hangs. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** A check of the pages under way: whatever changes something comes first. */
  #reading: AbortController | null = null;
  #verified: { readonly key: string; readonly why: string | null } | null = null;
  /** A server that was started as somebody's standby, and what was in the log before. */
  #standby: LogPlace | null = null;

  constructor(host: HostContext) {
    this.#host = host;
    this.#watch = new Watch(host);
    this.#queue = this.#prepare()
      .catch((error: unknown) => host.log.error('postgres.prepare', { error: explain(error) }))
      .finally(() => this.#watch.start());
    host.deadMan.onPostgresExit(({ pid, code, signal: name }) => {
      host.log.info('postgres.exited', { pid, code, signal: name });
      void this.#judgeEnd().finally(() => this.#watch.poke());
    });
  }

  facts(): PostgresFacts {
    return this.#watch.facts();
  }
  hurry(on: boolean): void {
    this.#watch.hurry(on);
  }

  onFacts(handler: (facts: PostgresFacts) => void): void {
    this.#watch.onFacts(handler);
  }
  source(): string {
    return this.#host.programs.version;
  }
  unfit(): string | null {
    return this.#watch.unfit();
  }

  initialise(): Promise<void> {
    return this.#verb(async () => {
      this.#mustBeStopped();
      await initialise(this.#host);
    });
  }

  startStandby(follow: PostgresPeer | null): Promise<void> {
    return this.#verb(() => this.#start(true, { names: [], follow }));
  }

  startPrimary(names: readonly NodeId[]): Promise<void> {
    return this.#verb(async () => {
      await this.#start(false, { names, follow: null });
      if (this.facts().kind === 'primary') await awaitNames(this.#host, names);
    });
  }

  follow(peer: PostgresPeer | null): Promise<void> {
    return this.#verb(async () => {
      await this.#reload({ ...this.#role, follow: peer });
      if (peer === null) await this.#awaitCut();
    });
  }

  setNames(names: readonly NodeId[]): Promise<void> {
    return this.#verb(async () => {
      this.#watch.verifying(this.#role.names.filter((name) => names.includes(name)));
      await this.#reload({ ...this.#role, names });
      await awaitNames(this.#host, names);
      this.#watch.verifying(null);
    });
  }

  promote({ above = 0 }: { readonly above?: number } = {}): Promise<{ readonly timeline: number; readonly forkLsn: Lsn }> {
    return this.#verb(async () => {
      this.#leaseMustNotHaveEnded();
      if (this.#role.follow !== null) {
        await this.#reload({ ...this.#role, follow: null });
        await this.#awaitCut();
      }
      const timeline = await withSession(localTarget(this.#host), (PROMOTE_SECONDS + 5) * 1_000, async (session) => {
        const [before] = await session.rows<{ recovery: boolean }>('select pg_is_in_recovery() as recovery');
        if (before!.recovery) {
          await this.#host.deadMan.mustGuard();
          await this.#takeTimelines(above);
          await session.rows('select pg_promote(false)');
          await this.#awaitPromoted(session);
        }
        const [after] = await session.rows<{ file: string }>('select pg_walfile_name(pg_current_wal_insert_lsn()) as file');
        return Number.parseInt(after!.file.slice(0, 8), 16);
      });
      const fork = parseHistory(await readFile(inPgdata(this.#host, `pg_wal/${historyFile(timeline)}`), 'utf8')).at(-1)!.end;
      // pg_control shows the old timeline until the next checkpoint, and a rewind from us needs it; nobody waits for it.
      void this.checkpoint().catch((error: unknown) => this.#host.log.warn('postgres.checkpoint', { error: explain(error) }));
      return { timeline, forkLsn: fork };
    });
  }

  async forceWal(): Promise<Lsn> {
    return await withSession(localTarget(this.#host), SESSION_MS, async (session) => {
      // `local`: this record carries no data, and waiting for the peer here is what the caller wants to find out about.
      await session.rows(
        "begin; set local synchronous_commit = local; select pg_logical_emit_message(true, 'yosugara', ''); commit",
      );
      const [row] = await session.rows<{ flush: string }>('select pg_current_wal_flush_lsn()::text as flush');
      return parseLsn(row!.flush);
    });
  }

  async ensureSlot(peer: NodeId): Promise<void> {
    const name = slotName(peer);
    await withSession(localTarget(this.#host), SESSION_MS, async (session) => {
      const [slot] = await session.rows<{ status: string | null; active: boolean }>(
        'select wal_status as status, active from pg_replication_slots where slot_name = $1',
        [name],
      );
      // Without a status it reserves nothing; a lost one never comes back. Its user, if any, needs a rebuild anyway.
      const useless = slot !== undefined && !slot.active && (slot.status === null || slot.status === 'lost');
      if (useless) await session.rows('select pg_drop_replication_slot($1)', [name]);
      if (useless || slot === undefined) await session.rows('select pg_create_physical_replication_slot($1, true)', [name]);
    });
  }

  async checkpoint(): Promise<void> {
    await withSession(localTarget(this.#host), CHECKPOINT_MS, (session) => session.rows('checkpoint'));
  }

  async stop(mode: 'fast' | 'kill', budgetMs: number): Promise<{ readonly clean: boolean; readonly walEnd: Lsn | null }> {
    await this.#host.deadMan.stopPostgres(mode, budgetMs);
    this.#watch.forget();
    // The proof stands; where the WAL ends may take a while to read, and nobody must wait for that to take over.
    const facts = await Promise.race([this.#watch.look(), sleep(STOP_LOOK_MS, null)]);
    if (facts === null) return { clean: false, walEnd: null };
    if (facts.kind !== 'stopped') return { clean: facts.kind === 'empty', walEnd: null };
    return { clean: facts.state === 'clean-primary' || facts.state === 'standby', walEnd: facts.walEnd };
  }

  rewind(source: PostgresPeer, progress: Progress): Promise<CopyDone> {
    return this.#verb(async () => {
      this.#mustBeStopped();
      await this.#removeLocks();
      await this.#writeAside();
      return await rewind(this.#host, source, progress);
    });
  }

  baseBackup(source: PostgresPeer, progress: Progress): Promise<CopyDone> {
    return this.#verb(async () => {
      this.#mustBeStopped();
      const done = await baseBackup(this.#host, source, progress);
      // What was here, and what its server said, is no more.
      this.#standby = null;
      this.#verified = null;
      return done;
    });
  }

  async survey(verify: boolean): Promise<Survey> {
    const wanted = verify && this.#host.config.recover.verifyPages;
    const facts = this.facts();
    const pages = () => (wanted ? this.#pages() : Promise.resolve(this.#verified?.why ?? null));
    const vain =
      this.#standby === null || (facts.kind === 'standby' && facts.receiver === 'streaming')
        ? null
        : await waitsInVain(this.#standby);
    return await survey(this.#host, facts, async () => vain ?? (facts.kind === 'stopped' ? await pages() : null));
  }

  /** Once for each state of the directory: what it was when it was stopped. */
  async #pages(): Promise<string | null> {
    const control = await stat(inPgdata(this.#host, 'global/pg_control')).catch(() => null);
    const facts = this.facts();
    if (control === null || facts.kind !== 'stopped' || facts.state === 'incomplete' || facts.state === 'crashed-primary')
      return null;
    const key = `${control.mtimeMs}/${control.ino}`;
    if (this.#verified?.key === key) return this.#verified.why;
    const reading = new AbortController();
    this.#reading = reading;
    const why = await verifyPages(this.#host, reading.signal);
    if (!reading.signal.aborted) this.#verified = { key, why };
    return why;
  }

  /** Ends the prober. PostgreSQL itself belongs to the dead man. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#reading?.abort();
    await this.#queue.catch(() => {});
    await this.#watch.close();
  }

  async #start(standby: boolean, role: RoleSettings): Promise<void> {
    const { deadMan, paths, account, programs, config } = this.#host;
    if (!(await isThere(inPgdata(this.#host, 'PG_VERSION'))))
      throw new PostgresControlError('NO_DATA', `${paths.pgdata} holds no data`);
    const unfinished = await whyUnfinished(paths);
    if (unfinished !== null) throw new PostgresControlError('NO_DATA', `${unfinished}: only a base backup helps`);
    // A crash recovery of this life of the host that was killed: its pages are in the cache, and recovery begins again.
    if (await isThere(paths.unfinished)) await unmark(paths);
    if (deadMan.postmasterPid() !== null) {
      const facts = await this.#watch.look();
      if (facts.kind === (standby ? 'standby' : 'primary')) {
        await this.#reload(role);
        return standby && role.follow === null ? await this.#awaitCut() : undefined;
      }
      throw new PostgresControlError('RUNNING', `PostgreSQL runs as ${facts.kind}: stop it first`);
    }
    if (!standby) this.#leaseMustNotHaveEnded();
    this.#mustBeStopped();
    await this.#removeLocks();
    await this.#prepare();
    this.#watch.verifying(null);
    await dropTakenTimelines(this.#host);
    await this.#writeRole(role);
    await writeSignal(paths.pgdata, standby, account);
    const logFile = join(config.stateDir, STATE_LAYOUT.logs, 'postgres.log');
    const log = await endOfLog(logFile);
    this.#standby = standby && role.follow !== null ? log : null;
    await deadMan.spawnPostgres({
      argv: [programs.path('postgres'), '-D', paths.pgdata],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', PGDATA: paths.pgdata },
      cwd: paths.pgdata,
      logFile,
      serves: !standby,
      ...(account.switchTo ? { uid: account.uid, gid: account.gid } : {}),
    });
    await this.#awaitAnswer(logFile);
  }

  /** Until it takes connections; a long recovery goes on after we return, as `starting`. */
  async #awaitAnswer(logFile: string): Promise<void> {
    for (const until = performance.now() + START_WAIT_MS; performance.now() < until; await sleep(30)) {
      const facts = await this.#watch.look();
      if (facts.kind === 'primary' || facts.kind === 'standby') return;
      if (this.#host.deadMan.postmasterPid() === null) {
        const words = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-3).join(' | ');
        throw new PostgresControlError('START_FAILED', `PostgreSQL ended while starting: ${words}`);
      }
    }
  }

  /**
   * A standby that says why it can never start is of no use: the marker makes that a fact, and the data directory is copied anew. Only
   * with somebody to follow: a node that may be needed as it is keeps everything.
   */
  async #judgeEnd(): Promise<void> {
    const place = this.#standby;
    if (place === null) return;
    try {
      const why = await damageIn(place);
      if (why === null || (await isThere(this.#host.paths.unfinished))) return;
      this.#host.log.error('postgres.damaged', { why });
      await mark(this.#host.paths, `damaged: ${why}`, this.#host.account);
      this.#watch.forget();
    } catch (error) {
      this.#host.log.warn('postgres.end', { why: explain(error) });
    }
  }

  /** Asked for more often than pg_promote itself would look, every 100 ms (xlogfuncs.c): nobody writes meanwhile. */
  async #awaitPromoted(session: Session): Promise<void> {
    for (const until = performance.now() + PROMOTE_SECONDS * 1_000; performance.now() < until; await sleep(10)) {
      const [now] = await session.rows<{ recovery: boolean }>('select pg_is_in_recovery() as recovery');
      if (!now!.recovery) return;
    }
    await dropTakenTimelines(this.#host);
    throw new PostgresControlError('PROMOTE_FAILED', `still in recovery after ${PROMOTE_SECONDS} s`);
  }

  async #takeTimelines(above: number): Promise<void> {
    const facts = await this.#watch.look();
    if (facts.kind !== 'standby') throw new PostgresControlError('PROMOTE_FAILED', `PostgreSQL is ${facts.kind}`);
    await takeTimelines(this.#host, facts.timeline, above);
  }

  async #reload(role: RoleSettings): Promise<void> {
    const postmaster = this.#host.deadMan.postmasterPid();
    if (postmaster === null) throw new PostgresControlError('NOT_RUNNING', 'PostgreSQL does not run');
    await this.#writeRole(role);
    signal(postmaster, 'SIGHUP');
    if (role.follow !== null) await this.#awaitReload(role.follow);
  }

  async #writeRole(role: RoleSettings): Promise<void> {
    const { paths, config, account } = this.#host;
    await writeSettings(paths.pgdata, config, paths, account, role);
    this.#role = role;
  }

  /**
   * No receiver, and none can come: new sessions see no conninfo, and for a while there was no walreceiver process. The startup
   * process, which alone asks for one, looks at its signals before each attempt, so that while covers the attempt under way.
   */
  async #awaitCut(): Promise<void> {
    const { deadMan } = this.#host;
    const until = performance.now() + CUT_DEADLINE_MS;
    let reloaded = false;
    for (let since = performance.now(); performance.now() < until; await sleep(10)) {
      const postmaster = deadMan.postmasterPid();
      if (postmaster === null) return;
      // One new session is enough to know, and dear: only a verb of ours could change it again.
      reloaded ||= (await this.#conninfo()) === '';
      const receives = titledChildren(postmaster).some(({ title }) => title.includes('walreceiver'));
      if (!reloaded || receives) since = performance.now();
      else if (performance.now() - since >= CUT_SETTLED_MS) return;
    }
    throw new PostgresControlError('RECEIVER_NOT_CUT', `a walreceiver is left after ${CUT_DEADLINE_MS} ms`);
  }

  async #conninfo(): Promise<string> {
    const [row] = await withSession(localTarget(this.#host), SESSION_MS, (session) =>
      session.rows<{ now: string }>("select current_setting('primary_conninfo') as now"),
    );
    return row!.now;
  }

  /**
   * Until a new session sees the reload. The postmaster reads the file first and signals its children then, so a session that sees
   * it, and every later one, tells the new settings. A server that takes no sessions yet (57P03) reads them all the same.
   */
  async #awaitReload(peer: PostgresPeer): Promise<void> {
    const wanted = `host='${peer.address}' port='${peer.port}'`;
    for (const until = performance.now() + RELOAD_DEADLINE_MS; performance.now() < until; await sleep(10)) {
      const rows = await withSession(localTarget(this.#host), RELOAD_DEADLINE_MS, (session) =>
        session.rows<{ now: string }>("select current_setting('primary_conninfo') as now"),
      ).catch(() => null);
      if (rows === null || rows[0]!.now.startsWith(wanted)) return;
    }
  }

  #leaseMustNotHaveEnded(): void {
    const { deadMan } = this.#host;
    if (deadMan.leaseEnded())
      throw new PostgresControlError('LEASE_ENDED', `epoch ${deadMan.endedEpoch()} is over for this boot`);
  }

  #mustBeStopped(): void {
    const left = members(this.#host.everyone);
    if (left.length > 0)
      throw new PostgresControlError('RUNNING', `processes are there: ${left.slice(0, 5).join(', ')}: stop first`);
  }

  /** By evidence: a lock file of a dead process, a zombie or a stranger with a reused number goes; one of a living server stays. */
  async #removeLocks(): Promise<void> {
    const { paths, config, log } = this.#host;
    const socket = join(paths.sockets, `.s.PGSQL.${config.ports.postgres}`);
    for (const file of [inPgdata(this.#host, 'postmaster.pid'), `${socket}.lock`]) {
      const evidence = await lockEvidence(file, paths.pgdata);
      if (evidence === null) continue;
      if (evidence.held) throw new PostgresControlError('RUNNING', `${file}: ${evidence.says}`);
      log.info('postgres.lockRemoved', { file, because: evidence.says });
      await rm(file, { force: true });
    }
    await rm(socket, { force: true });
  }

  /** Rewind starts PostgreSQL in single-user mode for crash recovery, which refuses a standby's signal file. */
  async #writeAside(): Promise<void> {
    if (!(await isThere(inPgdata(this.#host, 'PG_VERSION')))) return;
    await this.#writeRole({ names: [], follow: null });
    await writeSignal(this.#host.paths.pgdata, false, this.#host.account);
  }

  async #prepare(): Promise<void> {
    const { paths, account, config } = this.#host;
    await ownFolder(paths.dataDir, account);
    await chmod(paths.dataDir, 0o700);
    await ownFolder(paths.sockets, account);
    await handOverSecrets(config, paths, account);
    // Between the two renames of a base backup's swap: the new directory is whole, only its name is missing.
    if ((await isThere(paths.pgdata)) || !(await readIfThere(paths.unfinished))?.startsWith('swap')) return;
    if (await isThere(paths.pgdataNew)) await rename(paths.pgdataNew, paths.pgdata);
    await rm(paths.unfinished, { force: true });
    await syncFolder(paths.dataDir);
  }

  #verb<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(
      () => this.#run(work),
      () => this.#run(work),
    );
    this.#queue = turn;
    return turn;
  }

  /** Ends with a look that began after the change: one from before it must not be heard after the verb has ended. */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new PostgresControlError('NOT_RUNNING', 'closed');
    this.#reading?.abort();
    try {
      const result = await work();
      await Promise.race([this.#watch.look(), sleep(AFTER_LOOK_MS)]);
      return result;
    } catch (error) {
      if (error instanceof PostgresControlError) throw error;
      throw new PostgresControlError('QUERY_FAILED', 'PostgreSQL did not do it', error);
    } finally {
      this.#watch.poke();
    }
  }
}
