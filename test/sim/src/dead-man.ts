import { epoch as asEpoch, type Epoch } from '@yosugara/kernel';
import type { HostModel, HostWorld } from './host-model.js';

const EVERY_MS = 50;
const NONE = asEpoch(0);

/** The dead man of one controller's life, as host-control has it: strikes at the lease's end and at the controller's, proves, tells the others. */
export class DeadManModel {
  readonly #host: HostModel;
  readonly #world: HostWorld;
  readonly boot: string;
  #untilMs = 0;
  #epoch: Epoch = NONE;
  #struck: Epoch = NONE;
  #leased: Epoch = NONE;
  #gone = false;
  #watching = false;
  /** Of its loop. */
  #lookMs: number;

  constructor(host: HostModel, world: HostWorld, boot: string) {
    this.#host = host;
    this.#world = world;
    this.boot = boot;
    this.#lookMs = world.agenda.now;
  }

  get untilMs(): number {
    return this.#untilMs;
  }
  get armed(): boolean {
    return this.#untilMs > 0;
  }
  /** Whatever the controller believes of this epoch: nothing is left here that could act on it. */
  hasStruck(epoch: Epoch): boolean {
    return this.#struck > 0 && this.#struck >= epoch;
  }
  /** Nothing that writes is started for an epoch that the dead man has ended. */
  leaseEnded(): boolean {
    return (this.#untilMs !== 0 && this.#host.local() >= this.#untilMs) || (this.#struck > 0 && this.#leased <= this.#struck);
  }

  lease(untilMs: number, epoch: Epoch): void {
    if (untilMs !== 0 && epoch <= this.#struck) return;
    this.#untilMs = untilMs;
    this.#epoch = epoch;
    if (epoch > this.#leased) this.#leased = epoch;
    if (untilMs === 0) this.#host.watchdog?.disarm();
    else this.#watch();
  }

  /** Its controller died, or it does not answer any more. */
  strikeNow(): void {
    this.#strike();
    this.#gone = true;
  }
  /** With its host. */
  vanish(): void {
    this.#gone = true;
  }

  /** Its loop never ends; but what it sees while it is not armed is nothing, and is not simulated. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { agenda } = this.#world;
    while (this.#lookMs <= agenda.now) this.#lookMs += EVERY_MS;
    agenda.at(this.#lookMs, () => {
      this.#watching = false;
      if (this.#gone) return;
      if (this.#host.awake && this.#untilMs !== 0 && this.#host.local() >= this.#untilMs) {
        this.#untilMs = 0;
        this.#struck = this.#epoch;
        this.#strike();
        this.#host.push({ kind: 'struck', epoch: this.#epoch });
      } else if (this.armed) this.#pet();
      if (this.armed) this.#watch();
    });
  }

  /** Only while its lease lasts; but the host may be frozen between that look and the pet, so that one is stale. */
  #pet(): void {
    const { watchdog } = this.#host;
    if (watchdog === null || !this.#host.awake) return;
    const atOnce = !this.#world.rng.chance(0.02);
    if (atOnce) return watchdog.pet();
    const pet = (): void => {
      if (this.#gone || !this.armed) return;
      if (!this.#host.awake) return this.#world.agenda.after(20, pet);
      watchdog.pet();
    };
    this.#world.agenda.after(EVERY_MS, pet);
  }

  /** Kill, prove, tell the others. */
  #strike(): void {
    const { node, postgres } = this.#host;
    this.#world.trace(() => `${node} dead man strikes, epoch ${this.#epoch}`);
    postgres.kill();
    this.#host.watchdog?.disarm();
    if (this.#epoch > 0) this.#world.stopProof(node, this.#epoch, this.boot);
  }
}

/** Hardware: resets the host when it was not petted in time. It is the one thing that a frozen host cannot stop; a paused machine's is paused, too. */
export class WatchdogModel {
  readonly #host: HostModel;
  readonly #world: HostWorld;
  readonly timeoutMs: number;
  #pets = 0;
  #armed = false;
  fired = 0;

  constructor(host: HostModel, world: HostWorld, timeoutMs: number) {
    this.#host = host;
    this.#world = world;
    this.timeoutMs = timeoutMs;
  }

  pet(): void {
    this.#armed = true;
    const pet = ++this.#pets;
    this.#world.agenda.after(this.timeoutMs, () => {
      if (pet !== this.#pets || !this.#armed || !this.#host.powered || this.#host.clock.paused) return;
      this.#world.trace(() => `${this.#host.node} watchdog fires`);
      this.fired += 1;
      this.#host.powerOff();
      this.#world.agenda.after(this.#world.rng.between(1_500, 6_000), () => this.#host.powerOn());
    });
  }
  disarm(): void {
    this.#armed = false;
  }
}
