import type { Result, SampleValue } from '../monitors/index.js';
import { type Down, type Paths, PathView } from './paths.js';

/** What a probe brought about. */
export interface Probed {
  readonly result: Result;
  /** Its monitor is marked as one that tells whether the node is reached at all. */
  readonly reachability: boolean;
  /** Nothing came back, which may be because of what lies between. What answered, or came by itself, is never held or suppressed. */
  readonly silent: boolean;
}

/** Nothing came back at all: no packet, no answer. */
export const isSilent = (value: SampleValue): boolean =>
  value.kind === 'failure' || (value.kind === 'number' && (value.also ?? 0) >= ALL_LOST);
/** Per cent. */
const ALL_LOST = 100;

/** For whoever wonders why nobody was told. */
export const downSentence = (by: readonly string[]): string =>
  by.length === 1 ? `it lies behind ${by[0]}, which does not answer` : `it lies behind ${by.join(', ')}, none of which answers`;

export interface ReachabilityLimits {
  /** So long a silent result waits for news of what the node lies behind. */
  readonly holdMs: number;
  /** So long after it answers again, what lies behind a node may still be silent because of it: links and routes come back later. */
  readonly settleMs: number;
  /** Beyond, nothing is held: told too soon rather than not at all. */
  readonly mostHeld: number;
}
/** As long as two ticks of a monitor that runs every minute, less a moment. */
export const REACHABILITY_LIMITS: ReachabilityLimits = { holdMs: 90_000, settleMs: 30_000, mostHeld: 20_000 };

/** What whoever comes after us needs, as a row with a key; of one key the last counts. `state` null: no more. */
export interface ReachabilityMemory {
  readonly key: string;
  readonly state: ReachabilityState | null;
}
export type ReachabilityState =
  | {
      readonly kind: 'down';
      readonly node: string;
      readonly monitor: string;
      readonly sinceMs: number;
      readonly clearedMs: number | null;
    }
  | { readonly kind: 'held'; readonly probed: Probed; readonly untilMs: number };

export interface Suppressed {
  readonly result: Result;
  /** Nodes that are down, and behind nothing that is: where somebody has to go. */
  readonly by: readonly string[];
}

export interface ReachabilityOutcome {
  /** To be told of by the usual rules, those of one thing in the order in which they were. */
  readonly pass: readonly Result[];
  /** Kept as a status with a mark, told to nobody. */
  readonly suppressed: readonly Suppressed[];
  readonly memory: readonly ReachabilityMemory[];
  /** When to ask again if no result comes before; null = nothing is held. */
  readonly nextMs: number | null;
}

interface Held {
  readonly key: string;
  readonly probed: Probed;
  readonly untilMs: number;
}

/**
 * A host behind a dead switch is no trouble of its own.
 *
 * Whoever is probed first must not matter: a silent result is held until each node on one way to its host was heard of after it (then the
 * trouble is the host's), or no way is left (then it is suppressed), or `holdMs` are over (then it is told). So the wait is mostly that for
 * the next probe of the switch, and nothing is kept back for good.
 */
export class Reachability {
  readonly #limits: ReachabilityLimits;
  readonly #down = new Map<string, Map<string, Down>>();
  readonly #heardMs = new Map<string, number>();
  /** By node, in the order in which they came. */
  readonly #held = new Map<string, Held[]>();
  #heldCount = 0;
  #nextMs: number | null = null;

  constructor(limits: ReachabilityLimits = REACHABILITY_LIMITS, memory: Iterable<ReachabilityState> = []) {
    this.#limits = limits;
    for (const state of memory)
      if (state.kind === 'held') this.#hold(state.probed, state.untilMs);
      else this.#setDown(state.node, state.monitor, { sinceMs: state.sinceMs, clearedMs: state.clearedMs });
    this.#nextMs = this.#earliest();
  }

  get held(): number {
    return this.#heldCount;
  }

  /** Something was held for as long as it may be. */
  isDue(nowMs: number): boolean {
    return this.#nextMs !== null && this.#nextMs <= nowMs;
  }

  /** Takes what was found, and looks at what is held if there is news for it. */
  step(probed: readonly Probed[], paths: Paths, nowMs: number): ReachabilityOutcome {
    const done: Draft = { pass: [], suppressed: [], memory: [] };
    for (const one of probed) if (one.reachability) this.#hear(one, done);
    this.#settle(nowMs, done);
    const isNews = done.memory.length > 0 || probed.some(({ reachability }) => reachability) || this.isDue(nowMs);
    const touched = new Set<string>();
    for (const one of probed) if (!this.#take(one, paths, nowMs, done)) touched.add(one.result.facility);
    const view = new PathView(paths, this.#down, this.#heardMs);
    for (const node of isNews ? [...this.#held.keys()] : touched) this.#judge(node, view, nowMs, done);
    this.#nextMs = this.#earliest();
    return { ...done, nextMs: this.#nextMs };
  }

  /** What keeps a node from being reached as far as is known now; empty = nothing. */
  blockedBy(node: string, paths: Paths): readonly string[] {
    return new PathView(paths, this.#down, this.#heardMs).blockedBy(node);
  }

  /** Monitors that are no more, or mark nothing any more, keep nobody down. */
  retain(isReachability: (node: string, monitor: string) => boolean): readonly ReachabilityMemory[] {
    const gone: ReachabilityMemory[] = [];
    for (const [node, monitors] of this.#down)
      for (const monitor of monitors.keys())
        if (!isReachability(node, monitor)) {
          this.#clear(node, monitor);
          gone.push({ key: downKey(node, monitor), state: null });
        }
    return gone;
  }

  /** What answers is not down, however slowly it does. */
  #hear({ silent, result }: Probed, done: Draft): void {
    const { facility: node, monitor, priority, atMs } = result;
    this.#heardMs.set(node, Math.max(atMs, this.#heardMs.get(node) ?? 0));
    const known = this.#down.get(node)?.get(monitor);
    if (silent && priority !== 'info') {
      if (known !== undefined && known.clearedMs === null) return;
      this.#tellDown(node, monitor, { sinceMs: known?.sinceMs ?? atMs, clearedMs: null }, done);
    } else if (known !== undefined && known.clearedMs === null)
      this.#tellDown(node, monitor, { ...known, clearedMs: atMs }, done);
  }

  #settle(nowMs: number, done: Draft): void {
    for (const [node, monitors] of this.#down)
      for (const [monitor, { clearedMs }] of monitors)
        if (clearedMs !== null && clearedMs + this.#limits.settleMs <= nowMs) {
          this.#clear(node, monitor);
          done.memory.push({ key: downKey(node, monitor), state: null });
        }
  }

  /** @returns whether it went on at once. */
  #take(one: Probed, paths: Paths, nowMs: number, done: Draft): boolean {
    const { result, silent } = one;
    const mayHold = silent && result.priority !== 'info' && paths.behind(result.facility).length > 0;
    if (mayHold && this.#heldCount < this.#limits.mostHeld) {
      const held = this.#hold(one, nowMs + this.#limits.holdMs);
      done.memory.push({ key: held.key, state: { kind: 'held', probed: one, untilMs: held.untilMs } });
      return false;
    }
    // What it was silent about before was its own affair when it answers now, and comes first in any case.
    done.pass.push(...this.#release(result.facility, (held) => isSame(held.probed.result, result), done), result);
    return true;
  }

  #judge(node: string, view: PathView, nowMs: number, done: Draft): void {
    const by = view.blockedBy(node);
    if (by.length > 0) for (const result of this.#release(node, () => true, done)) done.suppressed.push({ result, by });
    else {
      const isReady = ({ probed, untilMs }: Held) => untilMs <= nowMs || view.isHeardSince(node, probed.result.atMs);
      done.pass.push(...this.#release(node, isReady, done));
    }
  }

  #release(node: string, isReady: (held: Held) => boolean, { memory }: Draft): readonly Result[] {
    const waiting = this.#held.get(node);
    const ready = waiting?.filter(isReady) ?? [];
    if (waiting === undefined || ready.length === 0) return [];
    if (ready.length === waiting.length) this.#held.delete(node);
    else
      this.#held.set(
        node,
        waiting.filter((held) => !ready.includes(held)),
      );
    this.#heldCount -= ready.length;
    for (const { key } of ready) memory.push({ key, state: null });
    return ready.map(({ probed }) => probed.result);
  }

  #hold(probed: Probed, untilMs: number): Held {
    const held = { key: `held ${probed.result.id}`, probed, untilMs };
    const node = probed.result.facility;
    const waiting = this.#held.get(node);
    if (waiting === undefined) this.#held.set(node, [held]);
    else waiting.push(held);
    this.#heldCount++;
    return held;
  }

  #tellDown(node: string, monitor: string, down: Down, done: Draft): void {
    this.#setDown(node, monitor, down);
    done.memory.push({ key: downKey(node, monitor), state: { kind: 'down', node, monitor, ...down } });
  }

  #setDown(node: string, monitor: string, down: Down): void {
    const monitors = this.#down.get(node);
    if (monitors === undefined) this.#down.set(node, new Map([[monitor, down]]));
    else monitors.set(monitor, down);
  }

  #clear(node: string, monitor: string): void {
    const monitors = this.#down.get(node);
    monitors?.delete(monitor);
    if (monitors?.size === 0) this.#down.delete(node);
  }

  #earliest(): number | null {
    let next: number | null = null;
    for (const waiting of this.#held.values())
      for (const { untilMs } of waiting) if (next === null || untilMs < next) next = untilMs;
    return next;
  }
}

interface Draft {
  readonly pass: Result[];
  readonly suppressed: Suppressed[];
  readonly memory: ReachabilityMemory[];
}

const downKey = (node: string, monitor: string): string => `down ${node} ${monitor}`;

const isSame = (one: Result, other: Result): boolean =>
  one.monitor === other.monitor && one.item === other.item && one.sub === other.sub;
