import type { TrapRefusal } from '@yosugara/operations';
import { OTHER_SOURCES } from '@yosugara/protocol';
import { SenderList } from './senders.js';

/** Of one source address, over all its sockets. */
export interface SourceLimits {
  /** 0: no limit. */
  readonly messagesPerSecond: number;
  /** At once; default: those of two seconds. */
  readonly burst?: number | undefined;
  readonly connections: number;
  readonly messageBytes: number;
}

export const NO_LIMITS: SourceLimits = { messagesPerSecond: 0, connections: Number.POSITIVE_INFINITY, messageBytes: 64 * 1024 };

export interface GateOptions {
  /** Addresses, networks, names; empty: everybody. */
  readonly allow?: readonly string[];
  readonly limits?: SourceLimits;
  /** Of single sources; these are always told apart, whatever a forger sends. */
  readonly sources?: ReadonlyMap<string, SourceLimits>;
  /** Monotonic. */
  readonly nowMs?: () => number;
  /** Sources told apart besides those of `sources`; further ones count and are limited together. */
  readonly maxSources?: number;
}

/** Why something was not taken. A stable word for counters, logs and metrics. */
export type Refusal =
  | 'not_allowed'
  | 'rate'
  | 'connections'
  | 'all_connections'
  | 'journal'
  | 'framing'
  | 'tls_timeout'
  | 'tls_version'
  | 'tls_certificate'
  | 'tls_handshake'
  | 'unauthorized'
  | 'bad_request'
  | 'too_large'
  | 'come_again'
  | 'not_peer'
  | TrapRefusal;

export interface SourceReport {
  readonly address: string;
  readonly received: number;
  readonly connections: number;
  /** How often a stream of it was not read for a while since it was above its rate. */
  readonly slowed: number;
  /** Taken, but not whole: longer than its limit, or the connection ended within it. */
  readonly cut: number;
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
  /** Wall clock: when its counts began. */
  readonly sinceMs: number;
}

/** Under this name all sources count that are too many to be told apart. */
export const OTHERS = OTHER_SOURCES;
const MAX_SOURCES = 20_000;
const MAX_STRANGERS = 1_000;
/** Silent for so many ticks: forgotten when room is needed. */
const IDLE_TICKS = 10;
const MAX_NEWS = 100;

type Counts = Map<Refusal, number>;

function count(counts: Counts, reason: Refusal, more: number): void {
  counts.set(reason, (counts.get(reason) ?? 0) + more);
}

/** One sender: a bucket of tokens, and what it sent. */
export class Source {
  readonly address: string;
  readonly limits: SourceLimits;
  /** The list lets its address in; else only a name can, which each connection shows anew. */
  readonly isListed: boolean;
  received = 0;
  connections = 0;
  slowed = 0;
  cut = 0;
  lastTick = 0;
  readonly sinceMs = Date.now();
  readonly refused: Counts = new Map();
  readonly #nowMs: () => number;
  readonly #capacity: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(address: string, limits: SourceLimits, nowMs: () => number, isListed = true) {
    this.address = address;
    this.limits = limits;
    this.isListed = isListed;
    this.#nowMs = nowMs;
    this.#capacity = limits.burst ?? Math.max(1, limits.messagesPerSecond * 2);
    this.#tokens = this.#capacity;
    this.#filledAtMs = limits.messagesPerSecond === 0 ? 0 : nowMs();
  }

  /** One more message is within its rate. */
  get hasRoom(): boolean {
    const { messagesPerSecond } = this.limits;
    if (messagesPerSecond === 0 || this.#tokens >= 1) return true;
    const now = this.#nowMs();
    this.#tokens = Math.min(this.#capacity, this.#tokens + ((now - this.#filledAtMs) * messagesPerSecond) / 1_000);
    this.#filledAtMs = now;
    return this.#tokens >= 1;
  }

  /** A request that is whole is taken whole, also above the burst: the debt is paid before the next. */
  took(messages = 1): void {
    this.received += messages;
    if (this.limits.messagesPerSecond > 0) this.#tokens -= messages;
  }

  /** When `hasRoom` will hold again. */
  get roomInMs(): number {
    if (this.hasRoom) return 0;
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 1_000) / this.limits.messagesPerSecond - 1e-6));
  }
}

/**
 * Who may send, and how much of it. Memory is bounded whatever addresses are forged: at most `maxSources` are told apart, those
 * that fell silent give way, and what is still too many shares one bucket and one line of counters.
 */
export class SourceGate {
  readonly allow: SenderList;
  readonly #options: GateOptions;
  readonly #nowMs: () => number;
  readonly #sources = new Map<string, Source>();
  /** Not allowed; apart, so that they take nobody's place. */
  readonly #strangers = new Map<string, { readonly refused: Counts; readonly sinceMs: number }>();
  /** Of all sources, by reason. */
  readonly refused: Counts = new Map();
  readonly #others: Source;
  #news = new Map<string, number>();
  #tick = 0;

  constructor(options: GateOptions = {}) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.allow = new SenderList(options.allow ?? []);
    this.#others = new Source(OTHERS, options.limits ?? NO_LIMITS, this.#nowMs);
    for (const address of options.sources?.keys() ?? []) if (this.allow.hasAddress(address)) this.#added(address);
  }

  /** @returns null: its address is not allowed. That is not counted here, since a name may still let it in. */
  of(address: string): Source | null {
    const known = this.#sources.get(address);
    if (known !== undefined) {
      known.lastTick = this.#tick;
      return known.isListed ? known : null;
    }
    return this.allow.hasAddress(address) ? this.#added(address) : null;
  }

  /** One that may show an allowed name on the connection it just made. By nothing else that comes from its address it is let in. */
  named(address: string): Source {
    return this.of(address) ?? this.#sources.get(address) ?? this.#added(address, false);
  }

  refuse(address: string, reason: Refusal, more = 1): void {
    const source = this.of(address) ?? this.#sources.get(address) ?? null;
    count(source === null ? this.#stranger(address) : source.refused, reason, more);
    count(this.refused, reason, more);
    // The journal's own refusals are told by the receiver, in one sum.
    if (reason === 'journal') return;
    const key = `${reason} ${address}`;
    const bounded = this.#news.size < MAX_NEWS || this.#news.has(key) ? key : `${reason} ${OTHERS}`;
    this.#news.set(bounded, (this.#news.get(bounded) ?? 0) + more);
  }

  /** A connection was made. @returns why not. */
  connect(source: Source): Refusal | null {
    // Those that share a line cannot share a number of connections: one of them could shut the others out.
    if (source !== this.#others && source.connections >= source.limits.connections) return 'connections';
    source.connections++;
    return null;
  }

  disconnect(source: Source): void {
    source.connections--;
  }

  /** Once a second: makes room. */
  tick(): void {
    this.#tick++;
    if (this.#sources.size < this.#limit) return;
    for (const [address, source] of this.#sources) {
      const isKept = source.connections > 0 || source.lastTick > this.#tick - IDLE_TICKS || this.#options.sources?.has(address);
      if (isKept === true) continue;
      this.#sources.delete(address);
      this.#others.received += source.received;
      this.#others.slowed += source.slowed;
      this.#others.cut += source.cut;
      for (const [reason, times] of source.refused) count(this.#others.refused, reason, times);
    }
  }

  /** What was refused since the last call, as `reason address`: for one event rather than one a message. null = nothing. */
  takeNews(): Readonly<Record<string, number>> | null {
    if (this.#news.size === 0) return null;
    const news = Object.fromEntries(this.#news);
    this.#news = new Map();
    return news;
  }

  /** The sources that sent most, refused or not; for up to half of the places, those of which most was refused. */
  report(most: number): readonly SourceReport[] {
    return this.notable(most).sources;
  }

  /** `leftOut`: sources with counts for which there was no place. */
  notable(most: number): { readonly sources: readonly SourceReport[]; readonly leftOut: number } {
    const strangers = [...this.#strangers].map(([address, { refused, sinceMs }]) => reported({ address, refused, sinceMs }));
    const counted = [...[...this.#sources.values(), this.#others].map(reported), ...strangers]
      .map((each) => ({ each, refused: sum(each.refused), sent: each.received + sum(each.refused) }))
      .filter(({ sent, each }) => sent > 0 || each.connections > 0)
      .sort((a, b) => b.sent - a.sent);
    if (counted.length <= most) return { sources: counted.map(({ each }) => each), leftOut: 0 };
    const troubled = counted.filter(({ refused }) => refused > 0).sort((a, b) => b.refused - a.refused);
    const chosen = new Set(troubled.slice(0, Math.floor(most / 2)));
    for (const each of counted) if (chosen.size < most) chosen.add(each);
    const sources = counted.filter((each) => chosen.has(each)).map(({ each }) => each);
    return { sources, leftOut: counted.length - sources.length };
  }

  get #limit(): number {
    return (this.#options.maxSources ?? MAX_SOURCES) + (this.#options.sources?.size ?? 0);
  }

  #added(address: string, isListed = true): Source {
    if (this.#sources.size >= this.#limit) return this.#others;
    const limits = this.#options.sources?.get(address) ?? this.#options.limits ?? NO_LIMITS;
    const source = new Source(address, limits, this.#nowMs, isListed);
    source.lastTick = this.#tick;
    this.#sources.set(address, source);
    return source;
  }

  #stranger(address: string): Counts {
    const bounded = this.#strangers.size < MAX_STRANGERS || this.#strangers.has(address) ? address : OTHERS;
    let stranger = this.#strangers.get(bounded);
    if (stranger === undefined) this.#strangers.set(bounded, (stranger = { refused: new Map(), sinceMs: Date.now() }));
    return stranger.refused;
  }
}

function reported(source: Pick<Source, 'address' | 'refused' | 'sinceMs'> & Partial<Source>): SourceReport {
  const { address, received = 0, connections = 0, slowed = 0, cut = 0, refused, sinceMs } = source;
  return { address, received, connections, slowed, cut, refused: Object.fromEntries(refused), sinceMs };
}

export function sum(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((total, each) => total + (each ?? 0), 0);
}
