import type { Clock } from '@yosugara/kernel';
import { type CompiledUnit, compileUnit, type PinnedUnit } from '@yosugara/operations';
import type { SettingsSnapshot } from '../settings/index.js';
import { Slices } from './slices.js';

/** Worked out beforehand: so many jobs, and further units when a session of them begins. */
const MOST_JOBS = 100_000;

const COMPILED = new WeakMap<PinnedUnit['body'], CompiledUnit>();

/** Once for each setting that was read, whoever owns the sessions. */
export function compiledUnit(unit: PinnedUnit): CompiledUnit {
  const known = COMPILED.get(unit.body);
  if (known !== undefined && known.id === unit.id && known.revision === unit.revision && known.ownerRole === unit.ownerRole)
    return known;
  const compiled = compileUnit(unit);
  COMPILED.set(unit.body, compiled);
  return compiled;
}

/** Works out units as soon as their settings are known, on a Standby, too: who becomes the Master finds those of open sessions ready. */
export class UnitsAhead {
  readonly #snapshot: Pick<SettingsSnapshot, 'all' | 'version'>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #version = -1;

  constructor(snapshot: Pick<SettingsSnapshot, 'all' | 'version'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#snapshot = snapshot;
    this.#clock = clock;
  }

  /** Those that changed since it was called last, some milliseconds at a time. */
  async look(): Promise<void> {
    const { version } = this.#snapshot;
    if (version === this.#version) return;
    this.#version = version;
    const slices = new Slices(this.#clock);
    let jobs = 0;
    for (const { id, revision, ownerRole, body, enabled } of [...this.#snapshot.all('job-unit').values()]) {
      if (!enabled) continue;
      jobs += compiledUnit({ id, revision, ownerRole, body }).jobs.size;
      if (jobs > MOST_JOBS) return;
      const pause = slices.between();
      if (pause !== null) await pause;
    }
  }
}
