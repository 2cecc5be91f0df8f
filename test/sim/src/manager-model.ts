import type { RoleNotice } from '@yosugara/protocol';
import type { HostModel, HostWorld } from './host-model.js';

const SPAWN_MS = [50, 400] as const;
const START_MS = [300, 2_500] as const;
const REPORT_MS = 500;
/** Two of its reports. */
const HEARD_LATER_MS = 1_000;
const SETTLED_MS = 3_200;
/** Its reports are on the way for no longer than this, and what it has said is told apart from its silence. */
const WAY_MS = 1_000;

/** The manager as a process that its dead man keeps: it reports twice a second, may hang (alive, and says nothing), and is killed and started again. */
export class ManagerModel {
  readonly #host: HostModel;
  readonly #world: HostWorld;
  #pids = 100;
  #life = 0;
  pid: number | null = null;
  #started = false;
  hung = false;
  /** Hangs again soon after every start. */
  incurable = false;
  /** Since when, in virtual time, nothing can have been heard of this process. */
  hungMs = Number.POSITIVE_INFINITY;
  #heardMs = Number.NEGATIVE_INFINITY;
  #readyMs: { first: number; last: number } | null = null;
  #notice: RoleNotice | null = null;
  /** Of this life of the controller. */
  restarts = 0;

  constructor(host: HostModel, world: HostWorld) {
    this.#host = host;
    this.#world = world;
  }

  /** It does what its notices tell it, and answers agents. */
  get acts(): boolean {
    return this.pid !== null && this.#started && !this.hung;
  }

  /** With its controller: what an older one left was killed. */
  begin(): void {
    this.restarts = 0;
    this.#end();
    this.#spawn();
  }
  /** The dead man of a dead controller kills it; so does a power cut. */
  end(): void {
    this.#end();
  }

  /** A while has gone since it was first ready: its silence is no patience of a start any more, also for whoever heard of both a little later (seed 131313). */
  get settled(): boolean {
    return this.#readyMs !== null && this.#readyMs.last - this.#readyMs.first > SETTLED_MS + HEARD_LATER_MS;
  }

  follow(notice: RoleNotice): void {
    this.#notice = notice;
  }

  hang(): void {
    if (this.pid === null || this.hung) return;
    this.#world.trace(() => `${this.#host.node} manager hangs`);
    this.hung = true;
    this.hungMs = this.#world.agenda.now;
  }
  wake(): void {
    if (!this.hung) return;
    this.hung = false;
    this.hungMs = Number.POSITIVE_INFINITY;
  }

  /** An order of the controller's: killed, and started again at once. */
  restart(): void {
    const silentMs = this.#world.agenda.now - this.#heardMs;
    this.#world.coverage.count(`manager restarted ${this.hung ? 'hung' : 'silent'} ${this.#world.checks.record.phase}`);
    // Its host stood still, or its controller: then nobody knows (P3); else it was heard, and is killed for nothing.
    if (this.pid !== null && !this.hung && this.#started && silentMs < WAY_MS)
      this.#world.checks.fail(
        'MGR',
        `the manager of ${this.#host.node} is killed, and it was heard ${Math.round(silentMs)} ms ago`,
      );
    this.restarts += 1;
    this.#end();
    this.#spawn();
  }

  #end(): void {
    this.#life += 1;
    this.pid = null;
    this.#started = false;
    this.#notice = null;
    this.#readyMs = null;
    this.hung = false;
    this.hungMs = Number.POSITIVE_INFINITY;
    this.#host.tellHost();
  }

  #spawn(): void {
    const life = ++this.#life;
    this.#awake(life, SPAWN_MS, () => {
      this.pid = ++this.#pids;
      this.#host.tellHost();
      this.#awake(life, START_MS, () => {
        this.#started = true;
        this.#notice = this.#host.notice;
        this.#report(life);
        if (this.incurable) this.#awake(life, [3_500, 6_000], () => this.hang());
      });
    });
  }

  #awake(life: number, [low, high]: readonly [number, number], run: () => void): void {
    const { agenda, rng } = this.#world;
    agenda.after(rng.between(low, high), () => {
      if (life !== this.#life) return;
      if (!this.#host.awake) return this.#awake(life, [10, 30], run);
      run();
    });
  }

  #report(life: number): void {
    if (!this.hung) this.tell();
    this.#awake(life, [REPORT_MS, REPORT_MS * 1.1], () => this.#report(life));
  }

  tell(): void {
    const { postgres } = this.#host;
    const mode = this.#notice?.mode ?? 'passive';
    const { now } = this.#world.agenda;
    this.#heardMs = now;
    const ready = postgres.running && (mode === 'passive' || postgres.writable);
    if (ready) this.#readyMs = { first: this.#readyMs?.first ?? now, last: now };
    this.#host.push({
      kind: 'manager',
      report: {
        process: 'manager',
        pid: this.pid!,
        mode,
        epoch: this.#notice?.epoch ?? 0,
        ready,
        vipBound: this.#notice?.vip ?? false,
      },
    });
  }

  /** The Master's: it answers, in this epoch. */
  serves(epoch: number): boolean {
    return this.acts && this.#notice?.mode === 'active' && this.#notice.epoch === epoch;
  }
}
