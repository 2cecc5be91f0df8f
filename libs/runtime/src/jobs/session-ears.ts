import type { CompiledUnit } from '@yosugara/operations';

/** Which open sessions hear of what happens elsewhere: that sessions of other units end, and link messages. */
export class SessionEars {
  readonly #byCrossUnit = new Map<string, Set<string>>();
  readonly #receivers = new Set<string>();
  readonly #endedUnits = new Set<string>();

  add(session: string, unit: CompiledUnit): void {
    for (const cross of unit.crossUnits) {
      const sessions = this.#byCrossUnit.get(cross);
      if (sessions === undefined) this.#byCrossUnit.set(cross, new Set([session]));
      else sessions.add(session);
    }
    if (hasReceiver(unit)) this.#receivers.add(session);
  }

  drop(session: string, unit: CompiledUnit): void {
    for (const cross of unit.crossUnits) this.#byCrossUnit.get(cross)?.delete(session);
    this.#receivers.delete(session);
  }

  /** Those that may wait for link messages. */
  receivers(): readonly string[] {
    return [...this.#receivers];
  }

  /** A session of that unit, or a job of it, ended. */
  noteEnd(unit: string): void {
    if ((this.#byCrossUnit.get(unit)?.size ?? 0) > 0) this.#endedUnits.add(unit);
  }

  /** Those with conditions on units of which a session ended since this was asked last. */
  takeCrossed(): readonly string[] {
    const sessions = [...this.#endedUnits].flatMap((unit) => [...(this.#byCrossUnit.get(unit) ?? [])]);
    this.#endedUnits.clear();
    return [...new Set(sessions)];
  }
}

/** Looked for once: a unit may have very many jobs, and sessions. */
const RECEIVERS = new WeakMap<CompiledUnit, boolean>();
function hasReceiver(unit: CompiledUnit): boolean {
  let found = RECEIVERS.get(unit);
  if (found === undefined) {
    found = [...unit.jobs.values()].some(({ body }) => body.type === 'link-receive');
    RECEIVERS.set(unit, found);
  }
  return found;
}
