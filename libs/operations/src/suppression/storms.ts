/** More than `most` of one key within `withinMs` are a storm. */
export interface StormRule {
  readonly most: number;
  readonly withinMs: number;
}
export const STORM_RULE: StormRule = { most: 20, withinMs: 60_000 };

/** What is remembered of one key; an object as it is stored. */
export interface StormMemory {
  /** Stretches of `withinMs`, counted from 1970, and what came in the newest and in the one before it. */
  readonly stretch: number;
  readonly count: number;
  readonly before: number;
  /** The event that the storm is folded into; null = there is none. */
  readonly event: string | null;
  readonly folded: number;
}

export type StormOutcome =
  | { readonly kind: 'alone' }
  /** The first that is too many: an event that says so, and that later ones are counted in. */
  | { readonly kind: 'opens' }
  /** No event of its own: that one stands for `count` by now. */
  | { readonly kind: 'folds'; readonly into: string; readonly count: number };

/**
 * Whether something that came is an event of its own. A storm is over when a whole stretch passed with no more than `most` in it, so it
 * does not end and begin with each pause. What comes with an older time counts as come now.
 */
export function foldStorm(
  memory: StormMemory | null,
  event: string,
  atMs: number,
  { most, withinMs }: StormRule = STORM_RULE,
): { readonly memory: StormMemory; readonly outcome: StormOutcome } {
  const stretch = Math.floor(atMs / withinMs);
  const rolled = roll(memory, stretch);
  const count = rolled.count + 1;
  const goesOn = rolled.event !== null && (count > most || rolled.before > most);
  if (goesOn && rolled.event !== null) {
    const folded = rolled.folded + 1;
    return { memory: { ...rolled, count, folded }, outcome: { kind: 'folds', into: rolled.event, count: folded } };
  }
  if (count > most) return { memory: { ...rolled, count, event, folded: 1 }, outcome: { kind: 'opens' } };
  return { memory: { ...rolled, count, event: null, folded: 0 }, outcome: { kind: 'alone' } };
}

function roll(memory: StormMemory | null, stretch: number): StormMemory {
  if (memory === null) return { stretch, count: 0, before: 0, event: null, folded: 0 };
  if (stretch <= memory.stretch) return memory;
  return { ...memory, stretch, count: 0, before: stretch === memory.stretch + 1 ? memory.count : 0 };
}

const MAX_KEYS = 20_000;

/** Storms of all keys, as many as are in mind at once: the one that was quiet the longest is forgotten first. */
export class Storms {
  readonly #rule: StormRule;
  readonly #memories = new Map<string, StormMemory>();
  readonly #mostKeys: number;

  constructor(rule: StormRule = STORM_RULE, mostKeys = MAX_KEYS) {
    this.#rule = rule;
    this.#mostKeys = mostKeys;
  }

  get keys(): number {
    return this.#memories.size;
  }

  fold(key: string, event: string, atMs: number): StormOutcome {
    const { memory, outcome } = foldStorm(this.#memories.get(key) ?? null, event, atMs, this.#rule);
    this.#memories.delete(key);
    const oldest = this.#memories.keys().next();
    if (this.#memories.size >= this.#mostKeys && !oldest.done) this.#memories.delete(oldest.value);
    this.#memories.set(key, memory);
    return outcome;
  }
}
