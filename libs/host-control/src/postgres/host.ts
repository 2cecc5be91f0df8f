import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresFacts } from '@yosugara/failover';
import { explain, type Lsn, type NodeId } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import type { CopyDone, PostgresHost, PostgresPeer, Progress, Survey } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { type Line, openLine } from '../forward/open-line.js';
import { signal } from '../os/containment.js';
import { isThere } from '../os/files.js';
import { baseBackup } from './base-backup.js';
import { type HostContext, hostContext, inPgdata, type PostgresHostOptions } from './context.js';
import { endOfLog } from './damage.js';
import { DamageWatch } from './damage-watch.js';
import { checkpoint, ensureSlot, forceWal } from './in-session.js';
import { initialise } from './initialise.js';
import { letCopiesGo } from './let-go.js';
import { type Promoted, promote } from './promote.js';
import { rewind } from './rewind.js';
import { type RoleSettings, writeSettings, writeSignal } from './settings.js';
import { awaitAnswer, launch, leaseMustNotHaveEnded, mustBeStopped, mustHoldData, prepare, removeLocks } from './starting.js';
import { awaitNames } from './sync-names.js';
import { dropTakenTimelines } from './timelines.js';
import { Verbs } from './verbs.js';
import { awaitCut, awaitReload } from './walreceiver.js';
import { Watch } from './watch.js';

const STOP_LOOK_MS = 1_000;

/** @throws PostgresControlError PROGRAMS_MISSING, ACCOUNT_MISSING. */
export function createPostgresHost(options: PostgresHostOptions): PostgresHost {
  return new LocalPostgres(hostContext(options));
}

/** The hands on this host's PostgreSQL: which verb does what, in which order. */
class LocalPostgres implements PostgresHost {
  readonly #host: HostContext;
  readonly #watch: Watch;
  readonly #damage: DamageWatch;
  readonly #verbs: Verbs;
  readonly #line: Line | null;
  #role: RoleSettings = { names: [], follow: null };
  /** No names are set, and the running server was started, or has been seen, that way: before a promotion there is nothing to wait for. */
  #namesAreClear = false;

  constructor(host: HostContext) {
    this.#host = host;
    this.#watch = new Watch(host);
    this.#damage = new DamageWatch(host, this.#watch);
    this.#line = openLine(host.config, host.log);
    const prepared = prepare(host)
      .catch((error: unknown) => host.log.error('postgres.prepare', { error: explain(error) }))
      .then(() => this.#line?.ready())
      .finally(() => this.#watch.start());
    this.#verbs = new Verbs(prepared, this.#watch, () => this.#damage.giveWay());
    host.deadMan.onPostgresExit(({ pid, code, signal: name }) => {
      host.log.info('postgres.exited', { pid, code, signal: name });
      void this.#damage.judgeEnd().finally(() => this.#watch.poke());
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
    return this.#verbs.do(async () => {
      mustBeStopped(this.#host);
      await initialise(this.#host);
    });
  }

  startStandby(follow: PostgresPeer | null): Promise<void> {
    return this.#verbs.do(() => this.#start(true, { names: [], follow }));
  }

  startPrimary(names: readonly NodeId[]): Promise<void> {
    return this.#verbs.do(async () => {
      await this.#start(false, { names, follow: null });
      if (this.facts().kind === 'primary') await awaitNames(this.#host, names);
    });
  }

  follow(peer: PostgresPeer | null, { sourceStopped = false } = {}): Promise<void> {
    return this.#verbs.do(async () => {
      await this.#reload({ ...this.#role, follow: peer });
      if (peer === null) await awaitCut(this.#host, sourceStopped);
    });
  }

  async setNames(names: readonly NodeId[]): Promise<void> {
    // A promotion asks for this first, and every verb ends with a look.
    if (names.length === 0 && this.#namesAreClear && this.facts().kind === 'standby') return;
    await this.#verbs.do(async () => {
      this.#watch.verifying(this.#role.names.filter((name) => names.includes(name)));
      await this.#reload({ ...this.#role, names });
      await awaitNames(this.#host, names);
      this.#namesAreClear = names.length === 0;
      this.#watch.verifying(null);
    });
  }

  promote({ above = 0 }: { readonly above?: number } = {}): Promise<Promoted> {
    return this.#verbs.do(async () => {
      leaseMustNotHaveEnded(this.#host);
      if (this.#role.follow !== null) {
        await this.#reload({ ...this.#role, follow: null });
        await awaitCut(this.#host);
      }
      return await promote(this.#host, this.#watch, above);
    });
  }

  forceWal(): Promise<Lsn> {
    return forceWal(this.#host);
  }
  ensureSlot(peer: NodeId): Promise<void> {
    return ensureSlot(this.#host, peer);
  }
  checkpoint(): Promise<void> {
    return checkpoint(this.#host);
  }

  async stop(mode: 'fast' | 'kill', budgetMs: number): Promise<{ readonly clean: boolean; readonly walEnd: Lsn | null }> {
    const stopped = this.#host.deadMan.stopPostgres(mode, budgetMs);
    if (mode === 'fast') letCopiesGo(this.#host, this.#role.names, stopped);
    await stopped;
    this.#watch.forget();
    // The proof stands; where the WAL ends may take a while to read, and nobody must wait for that to take over.
    const facts = await Promise.race([this.#watch.look(), sleep(STOP_LOOK_MS, null)]);
    if (facts === null) return { clean: false, walEnd: null };
    if (facts.kind !== 'stopped') return { clean: facts.kind === 'empty', walEnd: null };
    return { clean: facts.state === 'clean-primary' || facts.state === 'standby', walEnd: facts.walEnd };
  }

  rewind(source: PostgresPeer, progress: Progress): Promise<CopyDone> {
    return this.#verbs.do(async () => {
      mustBeStopped(this.#host);
      await removeLocks(this.#host);
      await this.#writeAside();
      return await rewind(this.#host, source, progress);
    });
  }

  baseBackup(source: PostgresPeer, progress: Progress, givesUp?: string): Promise<CopyDone> {
    return this.#verbs.do(async () => {
      mustBeStopped(this.#host);
      const done = await baseBackup(this.#host, source, progress, givesUp);
      this.#damage.replaced();
      return done;
    });
  }

  survey(verify: boolean): Promise<Survey> {
    return this.#damage.survey(verify);
  }

  /** Ends the prober. PostgreSQL itself belongs to the dead man. */
  async close(): Promise<void> {
    this.#verbs.close();
    this.#damage.giveWay();
    await this.#verbs.idle();
    await this.#watch.close();
    await this.#line?.stop();
  }

  async #start(standby: boolean, role: RoleSettings): Promise<void> {
    const { deadMan, paths, account, config } = this.#host;
    await mustHoldData(this.#host);
    if (deadMan.postmasterPid() !== null) return await this.#takeOn(standby, role);
    if (!standby) leaseMustNotHaveEnded(this.#host);
    mustBeStopped(this.#host);
    await removeLocks(this.#host);
    await prepare(this.#host);
    this.#watch.verifying(null);
    await dropTakenTimelines(this.#host);
    await this.#writeRole(role);
    await writeSignal(paths.pgdata, standby, account);
    const logFile = join(config.stateDir, STATE_LAYOUT.logs, 'postgres.log');
    const log = await endOfLog(logFile);
    this.#damage.started(standby && role.follow !== null ? log : null);
    await launch(this.#host, !standby, logFile);
    this.#namesAreClear = role.names.length === 0;
    await awaitAnswer(this.#host, this.#watch, logFile);
  }

  /** It runs already: as the one that is wanted, it is only told its part anew. */
  async #takeOn(standby: boolean, role: RoleSettings): Promise<void> {
    const facts = await this.#watch.look();
    if (facts.kind !== (standby ? 'standby' : 'primary'))
      throw new PostgresControlError('RUNNING', `PostgreSQL runs as ${facts.kind}: stop it first`);
    await this.#reload(role);
    if (standby && role.follow === null) await awaitCut(this.#host);
  }

  async #reload(role: RoleSettings): Promise<void> {
    const postmaster = this.#host.deadMan.postmasterPid();
    if (postmaster === null) throw new PostgresControlError('NOT_RUNNING', 'PostgreSQL does not run');
    await this.#writeRole(role);
    signal(postmaster, 'SIGHUP');
    if (role.follow !== null) await awaitReload(this.#host, role.follow);
  }

  async #writeRole(role: RoleSettings): Promise<void> {
    const { paths, config, account } = this.#host;
    if (role.names.length > 0) this.#namesAreClear = false;
    await writeSettings(paths.pgdata, config, paths, account, role);
    this.#role = role;
  }

  /** Rewind starts PostgreSQL in single-user mode for crash recovery, which refuses a standby's signal file. */
  async #writeAside(): Promise<void> {
    if (!(await isThere(inPgdata(this.#host, 'PG_VERSION')))) return;
    await this.#writeRole({ names: [], follow: null });
    await writeSignal(this.#host.paths.pgdata, false, this.#host.account);
  }
}
