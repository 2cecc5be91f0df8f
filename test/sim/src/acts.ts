import type { Action } from '@yosugara/failover';
import { YosugaraError } from '@yosugara/kernel';
import { type ActionResult, lastsUntilMs, observe, type Resource } from '@yosugara/runtime';
import type { HostModel, HostWorld } from './host-model.js';

type Later = (low: number, high: number, run: () => void) => void;
const HOOK_TIMEOUT_MS = 3_000;

type OfKind<K extends Action['kind']> = Extract<Action, { readonly kind: K }>;

/** What host-control, the fence port and the hooks do of an action, with their latencies and failures. */
export class Acts {
  readonly #host: HostModel;
  readonly #world: HostWorld;

  constructor(host: HostModel, world: HostWorld) {
    this.#host = host;
    this.#world = world;
  }

  start(resource: Resource, action: Action): void {
    const { life } = this.#host;
    const done = (result: ActionResult): void => {
      if (life === this.#host.life) this.#host.push({ kind: 'done', resource, action, result });
    };
    const fail = (code: string): void => done({ ok: false, code, message: code });
    const later: Later = (low, high, run) =>
      this.#world.agenda.after(this.#world.rng.between(low, high), () => {
        if (life !== this.#host.life) return;
        if (!this.#host.awake) return later(10, 20, run);
        try {
          run();
        } catch (error) {
          fail(error instanceof YosugaraError ? error.code : 'MODEL');
        }
      });
    this.#do(action, later, done, fail);
  }

  #do(action: Action, later: Later, done: (result: ActionResult) => void, fail: (code: string) => void): void {
    const ok = (): void => done({ ok: true });
    const { postgres, prober } = this.#host;
    switch (action.kind) {
      case 'pg.initialise':
        return later(300, 600, () => {
          // Idempotent, as the verb is: what is there stays.
          if (!postgres.exists) postgres.initialise(`system-${this.#host.node}`);
          ok();
        });
      case 'pg.startStandby':
        return later(5, 30, () => {
          postgres.setFollow(action.follow);
          postgres.start(
            'standby',
            () => prober.look(ok),
            () => fail('DIED'),
          );
        });
      case 'pg.startPrimary':
        return later(5, 30, () => {
          if (this.#host.leaseEnded) return fail('LEASE_ENDED');
          this.#world.checks.beforeWritable(this.#host, action);
          postgres.setNames(action.names);
          postgres.start(
            'primary',
            () => prober.look(ok),
            () => fail('DIED'),
          );
        });
      case 'pg.follow':
        return later(20, 120, () => {
          if (postgres.process !== 'standby') return fail('NOT_STANDBY');
          postgres.setFollow(action.follow);
          // A cut is waited for and looked at; a new source is not.
          if (action.follow === null) return prober.look(ok);
          ok();
          prober.poke();
        });
      case 'pg.setNames':
        return later(20, 120, () => this.#setNames(action, later, ok, fail));
      case 'pg.promote':
        return later(20, 60, () => this.#promote(action, later, ok, fail));
      case 'pg.mark':
        return later(5, 40, () => {
          if (!postgres.running || postgres.process !== 'primary') return fail('DOWN');
          done({ ok: true, lsn: postgres.wal.length });
        });
      case 'pg.ensureSlot':
        return later(5, 30, ok);
      case 'pg.stop':
        return this.#stop(action, later, ok);
      case 'pg.rewind':
      case 'pg.baseBackup':
        return this.#copy(action, later, ok, fail);
      case 'vip.hold':
        return later(5, 60, () => {
          if (this.#world.vipKind === 'ip' && this.#duplicate()) return fail('VIP_DUPLICATE');
          this.#world.checks.beforeAddress(this.#host);
          // As the driver does: no longer than the lease at this moment (ruling 12).
          this.#host.holdVip(lastsUntilMs(this.#host.state!, observe(this.#host.state!)));
          ok();
        });
      case 'vip.release':
        return later(5, 60, () => {
          this.#host.dropVip();
          this.#host.push({ kind: 'vip', held: false });
          ok();
        });
      case 'fence.off':
      case 'fence.on':
        return this.#fence(action, done);
      case 'hook.run':
        return this.#hook(action, later, ok, fail);
      case 'manager.restart':
        this.#host.manager?.restart();
        return ok();
      default:
        return;
    }
  }

  /** As host-control runs it: what does not end in time is killed, and has refused. */
  #hook({ which, epoch }: OfKind<'hook.run'>, later: Later, ok: () => void, fail: (code: string) => void): void {
    const host = this.#host;
    const { life } = host;
    const mood = which === 'before' ? host.hook : 'passes';
    if (which === 'before') host.hookSaid = null;
    const [low, high] = mood === 'hangs' ? [HOOK_TIMEOUT_MS, HOOK_TIMEOUT_MS + 100] : [20, 400];
    later(low, high, () => {
      if (which === 'before') host.hookSaid = { epoch, life, passed: mood === 'passes' };
      this.#world.coverage.count(`hook ${which} ${mood} ${this.#world.checks.record.phase}`);
      if (mood === 'passes') ok();
      else fail('HOOK_VETO');
    });
  }

  /** Somebody in reach answers for the address already. */
  #duplicate(): boolean {
    const { node } = this.#host;
    return this.#world.nodes.some(
      (other) => other !== node && this.#world.host(other).holdsVip() && this.#world.network.both(node, other),
    );
  }

  #setNames(action: OfKind<'pg.setNames'>, later: Later, ok: () => void, fail: (code: string) => void): void {
    const { postgres, prober } = this.#host;
    if (!postgres.running) return fail('DOWN');
    prober.verifying = postgres.names.filter((name) => action.names.includes(name));
    this.#world.checks.beforeNames(this.#host, action.names);
    postgres.setNames(action.names);
    later(5, 60, () => {
      prober.verifying = null;
      ok();
      prober.poke();
    });
  }

  #promote(action: OfKind<'pg.promote'>, later: Later, ok: () => void, fail: (code: string) => void): void {
    const { postgres, prober } = this.#host;
    this.#world.checks.extras.beforePromotion(this.#host);
    postgres.setNames(action.names);
    later(60, 200, () => {
      if (!postgres.running) return fail('DOWN');
      if (this.#host.leaseEnded) return fail('LEASE_ENDED');
      this.#world.checks.beforeWritable(this.#host, action);
      postgres.promote(action.above);
      // As host-control's verbs do: the end is told with a look from after the change.
      prober.look(ok);
    });
  }

  #stop(action: OfKind<'pg.stop'>, later: Later, ok: () => void): void {
    const { postgres, prober } = this.#host;
    if (action.mode !== 'fast' || !postgres.running)
      return later(20, 100, () => {
        postgres.kill();
        prober.look(ok);
      });
    later(5, 20, () => {
      let over = false;
      this.#world.agenda.after(action.budgetMs, () => {
        if (!over) postgres.kill();
      });
      postgres.shutDown(() => {
        over = true;
        prober.look(ok);
      });
    });
  }

  #fence(action: OfKind<'fence.off' | 'fence.on'>, done: (result: ActionResult) => void): void {
    const device = this.#world.device(action.target);
    if (device === undefined) return done({ ok: false, code: 'FENCE_FAILED', message: `${action.target} has no power device` });
    if (action.kind === 'fence.on')
      return device.on((answer) => done({ ok: !answer.off, code: 'FENCE_FAILED', message: answer.says, method: 'model' }));
    this.#world.checks.beforeFence(this.#host, action.target);
    this.#host.fencing = action.target;
    device.off((answer) => {
      this.#host.fencing = null;
      this.#world.coverage.count(`fence ${device.mood} ${answer.off ? 'off' : 'failed'}`);
      done(
        answer.off
          ? { ok: true, method: 'model', evidence: answer.says }
          : { ok: false, code: 'FENCE_FAILED', message: answer.says },
      );
    });
  }

  #copy(action: OfKind<'pg.rewind' | 'pg.baseBackup'>, later: Later, ok: () => void, fail: (code: string) => void): void {
    const { postgres, prober, node } = this.#host;
    const rewind = action.kind === 'pg.rewind';
    if (postgres.process !== 'down') return fail('RUNNING');
    const source = this.#world.server(action.source);
    if (source === undefined) return fail('NO_SOURCE');
    this.#world.checks.beforeReplaced(this.#host, action.source);
    const { life } = source;
    if (postgres.exists) postgres.incomplete = true;
    later(rewind ? 400 : 800, rewind ? 1_200 : 3_000, () => {
      const lost = source.life !== life || source.process !== 'primary' || !source.running;
      if (lost || !this.#world.network.both(node, action.source)) return prober.look(() => fail('SOURCE_LOST'));
      if (rewind && this.#world.rng.chance(0.1)) return prober.look(() => fail('REWIND_FAILED'));
      this.#world.checks.beforeReplaced(this.#host, action.source);
      postgres.copyOf(source);
      // As every verb of host-control: ended by a look that began behind it (seed 124005).
      prober.look(ok);
    });
  }
}
