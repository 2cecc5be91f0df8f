import type { Status, TakeOverPhase, TakeOverSeen } from '@yosugara/protocol';

/** What one look shows: of the cluster as this node's controller tells it, and of this process. */
export interface Look {
  readonly atMs: number;
  /** null: the controller did not answer. */
  readonly status: Status | null;
  readonly own: {
    readonly epoch: number;
    readonly mode: 'off' | 'passive' | 'gated' | 'active';
    readonly vip: boolean;
    readonly isWritable: boolean;
    readonly isReady: boolean;
    readonly ingests: boolean;
    readonly runsJobs: boolean;
  };
}

const MOST_SAID = 80;
/** What has not come by then is not waited for: a node may be out for days. */
const GIVEN_UP_MS = 15 * 60_000;

interface Open {
  readonly from: string;
  readonly fromEpoch: number;
  readonly lastServingMs: number;
  epoch: number | null;
  readonly phases: Map<TakeOverPhase, number>;
  readonly said: TakeOverSeen['said'];
  readonly words: Map<string, string>;
  isCut: boolean;
  /** Of what is told of it: grows. */
  version: number;
}

/** A take-over of this node's, as it is seen from here. */
export interface Seen {
  readonly epoch: number;
  readonly seen: TakeOverSeen;
  readonly version: number;
}

/** Puts looks together to take-overs. Knows no clock. */
export class TakeOverTrace {
  readonly #node: string;
  readonly #everyMs: number;
  #serving: { readonly master: string; readonly epoch: number; readonly atMs: number } | null = null;
  #open: Open | null = null;

  constructor(node: string, everyMs: number) {
    this.#node = node;
    this.#everyMs = everyMs;
  }

  /** Something is going on: looking more often is worth it. */
  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** null: there is none, or it became none of this node's. */
  get mine(): Seen | null {
    const open = this.#open;
    if (open?.epoch == null || !open.phases.has('database')) return null;
    const at = (ms: number) => new Date(ms).toISOString();
    const phases = [...open.phases].map(([phase, ms]) => ({ phase, at: at(ms) })).sort((one, two) => (one.at < two.at ? -1 : 1));
    return {
      ...{ epoch: open.epoch, version: open.version },
      seen: {
        ...{ by: this.#node, everyMs: this.#everyMs, lastServingAt: at(open.lastServingMs) },
        ...{ phases, said: [...open.said], isCut: open.isCut },
      },
    };
  }

  look(look: Look): void {
    this.#begin(look);
    const open = this.#open;
    if (open === null) return;
    this.#hear(open, look);
    this.#reach(open, look);
    const isBack = look.status?.master === open.from && look.status.epoch === open.fromEpoch;
    const isOver = open.phases.has('redundant') || look.atMs - open.lastServingMs > GIVEN_UP_MS;
    if ((isBack && open.epoch === null) || isOver) this.#settled = true;
  }

  /** It is over, and what was seen may be forgotten. */
  get isSettled(): boolean {
    return this.#settled;
  }
  #settled = false;

  forget(): void {
    this.#open = null;
    this.#serving = null;
    this.#settled = false;
  }

  #begin({ atMs, status, own }: Look): void {
    if (status === null) return;
    const epoch = Math.max(status.epoch, own.epoch);
    // Another one before the last one was over: what was seen of that stays as it is.
    if (this.#open?.epoch != null && epoch > this.#open.epoch && !this.#isMine(status)) this.forget();
    const master = status.nodes.find(({ name }) => name === status.master);
    if (
      this.#open === null &&
      status.phase === 'serving' &&
      master?.reachable === true &&
      (this.#serving?.epoch ?? epoch) === epoch
    ) {
      this.#serving = { master: master.name, epoch, atMs };
      return;
    }
    if (this.#open !== null || this.#serving === null) return;
    const { master: from, epoch: fromEpoch, atMs: lastServingMs } = this.#serving;
    const fresh = { phases: new Map([['missed', atMs] as const]), said: [], words: new Map(), isCut: false, version: 1 };
    this.#open = { from, fromEpoch, lastServingMs, epoch: null, ...fresh } as Open;
  }

  /** The newest epoch is this node's, so it goes on as the same take-over. */
  readonly #isMine = ({ history, epoch }: Status): boolean =>
    history.some((entry) => entry.epoch === epoch && entry.owner === this.#node);

  #hear(open: Open, { atMs, status }: Look): void {
    for (const { name, role, why, reachable } of status?.nodes ?? []) {
      const said = reachable ? `${role} ${why}` : 'not heard';
      // Numbers that count down are no news.
      const words = said.replace(/\d+(\.\d+)?/g, '#');
      if (open.words.get(name) === words) continue;
      open.words.set(name, words);
      open.version += 1;
      if (open.said.length >= MOST_SAID) open.isCut = true;
      else open.said.push({ at: new Date(atMs).toISOString(), node: name, role: reachable ? role : 'UNKNOWN', why });
    }
  }

  #reach(open: Open, { atMs, status, own }: Look): void {
    const epoch = Math.max(status?.epoch ?? 0, own.epoch);
    if (epoch <= open.fromEpoch) return;
    if (open.epoch !== epoch) open.epoch = epoch;
    const isOwner = own.epoch === epoch && (own.mode === 'gated' || own.mode === 'active');
    const serves = own.mode === 'active' && own.isReady && isOwner;
    const entry = status?.history.find((each) => each.epoch === epoch);
    const node = status?.nodes.find(({ name }) => name === this.#node);
    const held: readonly (readonly [TakeOverPhase, boolean])[] = [
      ['granted', true],
      ['database', isOwner && own.isWritable],
      ['address', isOwner && (own.vip || status?.vip?.holder === this.#node)],
      ['manager', serves],
      ['ingest', serves && own.ingests],
      ['jobs', serves && own.runsJobs],
      ['receiver', isOwner && node?.receiver?.up === true],
      ['redundant', serves && status?.master === this.#node && status.epoch === epoch && status.ifMasterDied.failsOver],
    ];
    if (entry?.owner === this.#node && !open.phases.has('promoted')) this.#reached(open, 'promoted', Date.parse(entry.at));
    for (const [phase, holds] of held) if (holds && !open.phases.has(phase)) this.#reached(open, phase, atMs);
  }

  #reached(open: Open, phase: TakeOverPhase, atMs: number): void {
    open.phases.set(phase, atMs);
    open.version += 1;
  }
}
