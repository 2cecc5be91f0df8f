import { type Entry, type HardState, leaseUntilMs, type Restored, type Snapshot } from '@yosugara/consensus';
import type { Action, PostgresFacts } from '@yosugara/failover';
import { epoch as asEpoch, type Epoch, type NodeId, YosugaraError } from '@yosugara/kernel';
import type { RoleNotice } from '@yosugara/protocol';
import {
  type ActionResult,
  type ControllerConfig,
  type ControllerEffect,
  type ControllerInput,
  type ControllerState,
  createController,
  isServing,
  observe,
  type PeerMessage,
  type Resource,
  stepController,
  strikeAtMs,
} from '@yosugara/runtime';
import type { Agenda } from './agenda.js';
import type { Network } from './network.js';
import { PostgresModel, type PostgresWorld } from './postgres-model.js';
import type { Rng } from './rng.js';

export interface HostWorld extends PostgresWorld {
  readonly agenda: Agenda;
  readonly network: Network;
  readonly rng: Rng;
  host(node: NodeId): HostModel;
  readonly nodes: readonly NodeId[];
  /** For the checkers; called at the moment it happens. */
  stepped(host: HostModel, effects: readonly ControllerEffect[]): void;
  persisted(host: HostModel): void;
  said(host: HostModel, to: NodeId, message: PeerMessage): void;
  beforeWritable(host: HostModel, action: Action): void;
  /** A dead man's signed word to the others. */
  stopProof(node: NodeId, epoch: Epoch, boot: string): void;
  readonly tracing: boolean;
  trace(text: () => string): void;
}

type Untimed = ControllerInput extends infer I
  ? I extends ControllerInput
    ? Omit<I, 'nowMs' | 'wallMs' | 'random'>
    : never
  : never;
type Persist = Extract<ControllerEffect, { kind: 'persist' }>;

const TICK_MS = 50;
const PROBE_MS = 300;
const HUNG_AFTER_PROBES = 3;
const PROBE_DEADLINE_MS = 700;
const MAX_INBOX = 300;
const DEADMAN_EVERY_MS = 50;

/** One host: its clock, its consensus disk, its controller (the production core), its dead man, its PostgreSQL. */
export class HostModel {
  readonly node: NodeId;
  readonly postgres: PostgresModel;
  readonly #world: HostWorld;
  readonly #config: Omit<ControllerConfig, 'boot'>;
  readonly #rate: number;
  readonly #offset: number;
  disk: { hardState: HardState; snapshot: Snapshot | null; entries: Entry[] } = {
    hardState: { term: 0, votedFor: null },
    snapshot: null,
    entries: [],
  };
  diskSlowMs = 0;
  powered = false;
  /** SIGSTOP on the controller alone, or the freezer on the whole host. */
  frozen: 'no' | 'controller' | 'host' = 'no';
  state: ControllerState | null = null;
  notice: RoleNotice | null = null;
  vipUntilMs = Number.NEGATIVE_INFINITY;
  boots = 0;
  #life = 0;
  #inbox: Untimed[] = [];
  #atPersist: { readonly when: 'before' | 'after'; readonly run: () => void } | null = null;
  #persisting = false;
  #writing: Persist | null = null;
  #rest: ControllerEffect[] = [];
  #hungProbes = 0;
  #looking = false;
  #afterLook: (() => void)[] = [];
  /** Names that are being changed count as required only if they were before and will be after (host-control's Watch). */
  #verifying: readonly NodeId[] | null = null;
  #deadMan: { untilMs: number; epoch: Epoch; struck: Epoch; leased: Epoch; boot: string } | null = null;

  constructor(node: NodeId, world: HostWorld, config: Omit<ControllerConfig, 'boot'>) {
    this.node = node;
    this.#world = world;
    this.#config = config;
    this.#rate = world.rng.between(0.995, 1.005);
    this.#offset = world.rng.between(0, 1e6);
    this.postgres = new PostgresModel(node, world);
    this.#probe();
    this.#deadManWatch();
  }

  get kind(): 'data' | 'witness' {
    return this.#config.kind;
  }
  local(): number {
    return this.#offset + this.#world.agenda.now * this.#rate;
  }
  get thinking(): boolean {
    return this.state !== null && this.frozen === 'no' && this.powered;
  }

  /** Would this host answer 200, or let a side effect out, at this very moment? */
  serves(): boolean {
    if (this.state === null || this.frozen !== 'no' || !this.powered) return false;
    // Nobody serves without these; a whole look costs much more.
    if (this.state.facts.kind !== 'primary' || this.state.raft.lead === null) return false;
    this.state.nowMs = Math.max(this.state.nowMs, this.local());
    return isServing(observe(this.state));
  }
  /** Believes, or will believe when it wakes up, that nobody else may lead now. */
  leases(): boolean {
    if (this.state === null || !this.powered) return false;
    // Once its dead man has struck it may believe what it likes: nothing is left here that could act.
    if (this.#deadMan !== null && this.#deadMan.struck > 0 && this.#deadMan.struck >= this.state.record.epoch) return false;
    return this.local() < leaseUntilMs(this.state.raft) - this.#config.settings.timings.killBudgetMs;
  }
  /** The dead man will stop PostgreSQL if nobody tells it otherwise. */
  get armed(): boolean {
    return this.#deadMan !== null && this.#deadMan.untilMs > 0;
  }
  holdsVip(): boolean {
    return this.powered && this.local() < this.vipUntilMs;
  }

  powerOn(): void {
    if (this.powered) return;
    this.powered = true;
    this.frozen = 'no';
    this.postgres.frozen = false;
    this.startController();
  }

  powerOff(): void {
    if (!this.powered) return;
    this.#endController();
    this.#deadMan = null;
    this.postgres.powerCut();
    this.postgres.frozen = false;
    this.vipUntilMs = Number.NEGATIVE_INFINITY;
    this.powered = false;
    this.frozen = 'no';
  }

  startController(): void {
    if (!this.powered || this.state !== null) return;
    // A new dead man begins by proving that no process of an older life is left.
    this.#deadMan = null;
    this.postgres.kill();
    this.vipUntilMs = Number.NEGATIVE_INFINITY;
    this.boots += 1;
    const restored: Restored = { hardState: this.disk.hardState, snapshot: this.disk.snapshot, entries: [...this.disk.entries] };
    const created = createController(
      { ...this.#config, boot: `${this.node}${this.boots}` },
      restored,
      this.local(),
      this.#world.agenda.now,
    );
    this.state = created.state;
    this.#life += 1;
    this.#hungProbes = 0;
    this.#looking = false;
    this.#afterLook = [];
    this.#verifying = null;
    if (this.kind === 'data')
      this.#deadMan = { untilMs: 0, epoch: asEpoch(0), struck: asEpoch(0), leased: asEpoch(0), boot: this.state.config.boot };
    this.#world.trace(() => `${this.node} controller starts, boot ${this.state?.config.boot}`);
    this.#tick(this.#life);
  }

  /** kill -9: the pipe to the dead man closes. */
  crashController(): void {
    // On a frozen host nothing dies: a kill is seen when it thaws, as if it came then.
    if (this.state === null || this.frozen === 'host') return;
    this.frozen = 'no';
    this.#world.trace(() => `${this.node} controller dies`);
    this.#endController();
    const deadMan = this.#deadMan;
    if (deadMan !== null) this.#strike(deadMan, deadMan.epoch);
    this.#deadMan = null;
    this.vipUntilMs = Math.min(this.vipUntilMs, this.local());
  }

  #endController(): void {
    this.state = null;
    this.notice = null;
    this.#life += 1;
    this.#inbox = [];
    this.#rest = [];
    this.#persisting = false;
    // What it was writing may have reached the disk, in order, or not: by now, since its directory's lock goes with it.
    const partly = this.#world.rng.next();
    if (this.#writing !== null && partly < 0.5) this.#write(this.#writing, partly < 0.25);
    this.#writing = null;
  }

  freeze(what: 'controller' | 'host'): void {
    if (!this.powered || this.frozen !== 'no') return;
    this.frozen = what;
    if (what === 'host') this.postgres.frozen = true;
  }

  thaw(): void {
    if (this.frozen === 'no') return;
    this.frozen = 'no';
    this.postgres.frozen = false;
    // It may answer before it steps.
    this.#world.stepped(this, []);
    this.#drain();
  }

  /** Once, right after the next fsync: before or after what waits for it is done. null: no more. */
  onNextPersist(when: 'before' | 'after', run: (() => void) | null): void {
    this.#atPersist = run === null ? null : { when, run };
  }

  push(input: Untimed): void {
    if (this.state === null || !this.powered) return;
    if (this.#inbox.length >= MAX_INBOX) this.#inbox.shift();
    this.#inbox.push(input);
    this.#drain();
  }

  #tick(life: number): void {
    if (life !== this.#life) return;
    if (this.frozen === 'no' && !this.#persisting) this.push({ kind: 'tick' });
    this.#world.agenda.after(TICK_MS / this.#rate, () => this.#tick(life));
  }

  /** One input at a time; what follows a persist waits for it. */
  #drain(): void {
    while (this.thinking && !this.#persisting) {
      const input = this.#inbox.shift();
      if (input === undefined) return;
      const timed = {
        ...input,
        nowMs: this.local(),
        wallMs: this.#world.agenda.now,
        random: this.#world.rng.next(),
      } as ControllerInput;
      const effects = stepController(this.state!, timed);
      this.#world.stepped(this, effects);
      this.#run(effects);
    }
  }

  #run(effects: readonly ControllerEffect[]): void {
    for (let i = 0; i < effects.length; i += 1) {
      const effect = effects[i]!;
      if (effect.kind === 'persist') {
        this.#persist(effect, effects.slice(i + 1));
        return;
      }
      this.#perform(effect);
    }
  }

  #persist(change: Persist, rest: readonly ControllerEffect[]): void {
    this.#persisting = true;
    this.#rest = [...rest];
    const life = this.#life;
    this.#writing = change;
    this.#world.agenda.after(this.#world.rng.between(0.2, 4) + this.diskSlowMs, () => {
      if (life !== this.#life) return;
      this.#writing = null;
      this.#write(change, true);
      const blow = this.#atPersist;
      this.#atPersist = null;
      if (blow?.when === 'before') return blow.run();
      this.#persisting = false;
      const after = this.#rest;
      this.#rest = [];
      if (this.frozen !== 'no') {
        this.#rest = [...after];
        this.#persisting = true;
        this.#resume(life);
        return;
      }
      this.#run(after);
      if (blow !== null) return blow.run();
      this.#drain();
    });
  }

  /** Frozen right after an fsync: the rest is done on waking. */
  #resume(life: number): void {
    this.#world.agenda.after(10, () => {
      if (life !== this.#life) return;
      if (this.frozen !== 'no') return this.#resume(life);
      this.#persisting = false;
      const after = this.#rest;
      this.#rest = [];
      this.#run(after);
      this.#drain();
    });
  }

  #write(change: Persist, whole: boolean): void {
    if (change.hardState !== undefined) this.disk.hardState = change.hardState;
    if (whole) {
      if (change.truncateFrom !== undefined)
        this.disk.entries = this.disk.entries.filter((entry) => entry.index < change.truncateFrom!);
      if (change.append !== undefined) this.disk.entries.push(...change.append);
      if (change.snapshot !== undefined) this.disk.snapshot = change.snapshot;
      if (change.dropThrough !== undefined)
        this.disk.entries = this.disk.entries.filter((entry) => entry.index > change.dropThrough!);
    }
    this.#world.persisted(this);
  }

  #perform(effect: ControllerEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { to, message } = effect;
        this.#world.said(this, to, message);
        this.#world.network.send(this.node, to, () => this.#world.host(to).push({ kind: 'message', from: this.node, message }));
        break;
      }
      case 'act':
        this.#act(effect.resource, effect.action);
        break;
      case 'lease':
        if (this.#deadMan !== null && (effect.untilMs === 0 || effect.epoch > this.#deadMan.struck))
          Object.assign(this.#deadMan, {
            untilMs: effect.untilMs,
            epoch: effect.epoch,
            leased: Math.max(this.#deadMan.leased, effect.epoch),
          });
        break;
      case 'vipRenew':
        if (this.vipUntilMs > this.local()) this.vipUntilMs = this.local() + effect.leaseLeftMs;
        break;
      case 'notice':
        this.notice = effect.notice;
        this.#manager(effect.notice);
        break;
      case 'log':
        if (this.#world.tracing) this.#world.trace(() => `${this.node} ${effect.event} ${JSON.stringify(effect.fields)}`);
        break;
      case 'persist':
      case 'answer':
        break;
    }
  }

  /** The manager follows its notices within some 100 ms, if the database lets it. */
  #manager(notice: RoleNotice): void {
    const life = this.#life;
    this.#world.agenda.after(this.#world.rng.between(5, 150), () => {
      if (life !== this.#life) return;
      this.push({
        kind: 'manager',
        report: {
          process: 'manager',
          pid: 1,
          mode: notice.mode,
          epoch: notice.epoch,
          ready: this.postgres.running && (notice.mode === 'passive' || this.postgres.writable),
          vipBound: notice.vip,
        },
      });
    });
  }

  #act(resource: Resource, action: Action): void {
    const life = this.#life;
    const done = (result: ActionResult): void => {
      if (life === this.#life) this.push({ kind: 'done', resource, action, result });
    };
    const fail = (code: string): void => done({ ok: false, code, message: code });
    const later = (low: number, high: number, run: () => void): void =>
      this.#world.agenda.after(this.#world.rng.between(low, high), () => {
        if (life !== this.#life) return;
        if (this.frozen === 'host') return later(10, 20, run);
        try {
          run();
        } catch (error) {
          fail(error instanceof YosugaraError ? error.code : 'MODEL');
        }
      });
    this.#do(
      action,
      later,
      () => done({ ok: true }),
      (lsn) => done({ ok: true, lsn }),
      fail,
    );
  }

  #do(
    action: Action,
    later: (low: number, high: number, run: () => void) => void,
    ok: () => void,
    okAt: (lsn: number) => void,
    fail: (code: string) => void,
  ): void {
    const { postgres } = this;
    switch (action.kind) {
      case 'pg.initialise':
        return later(300, 600, () => {
          postgres.initialise('system-1');
          ok();
        });
      case 'pg.startStandby':
        return later(5, 30, () => {
          postgres.setFollow(action.follow);
          postgres.start(
            'standby',
            () => this.#look(ok),
            () => fail('DIED'),
          );
        });
      case 'pg.startPrimary':
        return later(5, 30, () => {
          if (this.#leaseEnded()) return fail('LEASE_ENDED');
          this.#world.beforeWritable(this, action);
          postgres.setNames(action.names);
          postgres.start(
            'primary',
            () => this.#look(ok),
            () => fail('DIED'),
          );
        });
      case 'pg.follow':
        return later(20, 120, () => {
          if (postgres.process !== 'standby') return fail('NOT_STANDBY');
          postgres.setFollow(action.follow);
          // A cut is waited for and looked at; a new source is not.
          if (action.follow === null) return this.#look(ok);
          ok();
          this.#poke();
        });
      case 'pg.setNames':
        return later(20, 120, () => {
          if (!postgres.running) return fail('DOWN');
          this.#verifying = postgres.names.filter((name) => action.names.includes(name));
          postgres.setNames(action.names);
          later(5, 60, () => {
            this.#verifying = null;
            ok();
            this.#poke();
          });
        });
      case 'pg.promote':
        return later(20, 60, () => {
          postgres.setNames(action.names);
          later(60, 200, () => {
            if (!postgres.running) return fail('DOWN');
            if (this.#leaseEnded()) return fail('LEASE_ENDED');
            this.#world.beforeWritable(this, action);
            postgres.promote();
            ok();
            this.#poke();
          });
        });
      case 'pg.mark':
        return later(5, 40, () => {
          if (!postgres.running || postgres.process !== 'primary') return fail('DOWN');
          okAt(postgres.wal.length);
        });
      case 'pg.ensureSlot':
        return later(5, 30, ok);
      case 'pg.stop':
        if (action.mode === 'fast' && postgres.running)
          return later(5, 20, () => {
            const budget = setBudget(this.#world.agenda, action.budgetMs, () => postgres.kill());
            postgres.shutDown(() => {
              budget.done = true;
              this.#look(ok);
            });
          });
        return later(20, 100, () => {
          postgres.kill();
          this.#look(ok);
        });
      case 'pg.rewind':
      case 'pg.baseBackup':
        return this.#copy(action, later, ok, fail);
      case 'vip.hold':
        return later(5, 60, () => {
          // As the driver does: no longer than the lease at this moment (ruling 12).
          this.vipUntilMs = Math.max(this.local(), strikeAtMs(observe(this.state!)));
          this.push({ kind: 'vip', held: true });
          ok();
        });
      case 'vip.release':
        return later(5, 60, () => {
          this.vipUntilMs = Number.NEGATIVE_INFINITY;
          this.push({ kind: 'vip', held: false });
          ok();
        });
      default:
        return;
    }
  }

  #copy(
    action: Extract<Action, { kind: 'pg.rewind' | 'pg.baseBackup' }>,
    later: (low: number, high: number, run: () => void) => void,
    ok: () => void,
    fail: (code: string) => void,
  ): void {
    const { postgres } = this;
    const rewind = action.kind === 'pg.rewind';
    if (postgres.process !== 'down') return fail('RUNNING');
    const source = this.#world.server(action.source);
    if (source === undefined) return fail('NO_SOURCE');
    const life = source.life;
    if (postgres.exists) postgres.incomplete = true;
    later(rewind ? 400 : 800, rewind ? 1_200 : 3_000, () => {
      if (
        source.life !== life ||
        source.process !== 'primary' ||
        !source.running ||
        !this.#world.network.both(this.node, action.source)
      )
        return fail('SOURCE_LOST');
      if (rewind && this.#world.rng.chance(0.1)) return fail('REWIND_FAILED');
      postgres.copyOf(source);
      ok();
      this.#poke();
    });
  }

  /** The prober: an answer now, or after three missed deadlines `hung`. */
  #probe(): void {
    const hangs = this.postgres.hung || this.postgres.frozen;
    this.#world.agenda.after(hangs ? PROBE_DEADLINE_MS : PROBE_MS, () => {
      if (this.kind === 'data' && this.thinking) this.#poke();
      this.#probe();
    });
  }

  /** A look that begins after this call, as host-control's Watch does. */
  #look(then: () => void): void {
    if (this.#looking) this.#afterLook.push(() => this.#look(then));
    else this.#begin(then);
  }

  /** Look soon. If one is under way that one counts, though it may have begun before whatever has just changed. */
  #poke(): void {
    if (!this.#looking) this.#begin(() => {});
  }

  #begin(then: () => void): void {
    if (this.state === null) return;
    const life = this.#life;
    const { postgres } = this;
    const { postmaster } = postgres;
    const hangs = postgres.hung && postgres.process !== 'down';
    const seen = postgres.facts();
    this.#looking = true;
    this.#world.agenda.after(hangs ? PROBE_DEADLINE_MS : this.#world.rng.between(1, 30), () => {
      if (life !== this.#life) return;
      this.#looking = false;
      // Another postmaster than the one that was asked: asked again.
      if (postmaster !== postgres.postmaster) this.#saw(postgres.facts(), false);
      else this.#saw(seen, hangs);
      then();
      for (const next of this.#afterLook.splice(0)) next();
    });
  }

  #saw(seen: PostgresFacts, hangs: boolean): void {
    this.#hungProbes = hangs ? this.#hungProbes + 1 : 0;
    if (hangs && this.#hungProbes < HUNG_AFTER_PROBES) return;
    let facts = seen;
    const verified = this.#verifying;
    if (hangs) facts = { kind: 'hung', failures: this.#hungProbes, wasPrimary: this.postgres.process === 'primary' };
    else if (seen.kind === 'primary' && verified !== null)
      facts = { ...seen, names: (seen.names ?? []).filter((name) => verified.includes(name)) };
    this.push({ kind: 'facts', facts });
  }

  #deadManWatch(): void {
    this.#world.agenda.after(DEADMAN_EVERY_MS, () => {
      const deadMan = this.#deadMan;
      if (
        deadMan !== null &&
        this.powered &&
        this.frozen !== 'host' &&
        deadMan.untilMs !== 0 &&
        this.local() >= deadMan.untilMs
      ) {
        deadMan.untilMs = 0;
        deadMan.struck = deadMan.epoch;
        this.#strike(deadMan, deadMan.epoch);
        this.push({ kind: 'struck', epoch: deadMan.epoch });
      }
      this.#deadManWatch();
    });
  }

  /** As host-control does: nothing that writes is started for an epoch that the dead man has ended. */
  #leaseEnded(): boolean {
    if (this.#deadMan === null) return false;
    const { untilMs, struck, leased } = this.#deadMan;
    return (untilMs !== 0 && this.local() >= untilMs) || (struck > 0 && leased <= struck);
  }

  /** Kill, prove, tell the others. */
  #strike(deadMan: { readonly boot: string }, epoch: Epoch): void {
    this.#world.trace(() => `${this.node} dead man strikes, epoch ${epoch}`);
    this.postgres.kill();
    if (epoch === 0) return;
    this.#world.stopProof(this.node, epoch, deadMan.boot);
  }
}

function setBudget(agenda: Agenda, budgetMs: number, over: () => void): { done: boolean } {
  const budget = { done: false };
  agenda.after(budgetMs, () => {
    if (!budget.done) over();
  });
  return budget;
}
