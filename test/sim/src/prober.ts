import type { PostgresFacts } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { HostModel, HostWorld } from './host-model.js';

const PROBE_MS = 300;
const HUNG_AFTER_PROBES = 3;
const PROBE_DEADLINE_MS = 700;

/** How a host looks at its PostgreSQL, as host-control's Watch does: now and then, and right after whatever changed it. */
export class Prober {
  readonly #host: HostModel;
  readonly #world: HostWorld;
  #hungProbes = 0;
  #looking = false;
  #afterLook: (() => void)[] = [];
  /** Names that are being changed count as required only if they were before and will be after. */
  verifying: readonly NodeId[] | null = null;

  constructor(host: HostModel, world: HostWorld) {
    this.#host = host;
    this.#world = world;
    if (host.kind === 'data') this.#probe();
  }

  /** A new controller has a new one. */
  reset(): void {
    this.#hungProbes = 0;
    this.#looking = false;
    this.#afterLook = [];
    this.verifying = null;
  }

  /** A look that begins after this call. */
  look(then: () => void): void {
    if (this.#looking) this.#afterLook.push(() => this.look(then));
    else this.#begin(then);
  }

  /** Look soon. If one is under way that one counts, though it may have begun before whatever has just changed. */
  poke(): void {
    if (!this.#looking) this.#begin(() => {});
  }

  /** An answer now, or after three missed deadlines `hung`. */
  #probe(): void {
    const { postgres } = this.#host;
    const hangs = postgres.hung || postgres.frozen;
    this.#world.agenda.after(hangs ? PROBE_DEADLINE_MS : PROBE_MS, () => {
      if (this.#host.thinking) this.poke();
      this.#probe();
    });
  }

  #begin(then: () => void): void {
    if (this.#host.state === null) return;
    const { life } = this.#host;
    const { postgres } = this.#host;
    const { postmaster } = postgres;
    const hangs = postgres.hung && postgres.process !== 'down';
    const seen = postgres.facts();
    this.#looking = true;
    this.#world.agenda.after(hangs ? PROBE_DEADLINE_MS : this.#world.rng.between(1, 30), () => {
      if (life !== this.#host.life) return;
      this.#looking = false;
      // Another postmaster than the one that was asked: asked again.
      if (postmaster !== postgres.postmaster) this.#saw(postgres.facts(), false);
      else this.#saw(seen, hangs);
      then();
      if (this.#afterLook.length > 0) for (const next of this.#afterLook.splice(0)) next();
    });
  }

  #saw(seen: PostgresFacts, hangs: boolean): void {
    this.#hungProbes = hangs ? this.#hungProbes + 1 : 0;
    if (hangs && this.#hungProbes < HUNG_AFTER_PROBES) return;
    let facts = seen;
    const { verifying } = this;
    if (hangs) facts = { kind: 'hung', failures: this.#hungProbes, wasPrimary: this.#host.postgres.process === 'primary' };
    else if (seen.kind === 'primary' && verifying !== null)
      facts = { ...seen, names: (seen.names ?? []).filter((name) => verifying.includes(name)) };
    this.#host.push({ kind: 'facts', facts });
  }
}
