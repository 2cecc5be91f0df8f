import { Alarm, explain, type Log } from '@yosugara/kernel';
import type { MessageTransport } from '@yosugara/protocol';
import { monotonicMs } from './clock.js';
import type { Endpoint, Listener } from './udp.js';

/** A way in that is to be opened, and its name for whoever is told that it is not. */
export interface Opening extends Endpoint {
  readonly protocol: MessageTransport;
  readonly open: () => Promise<Listener>;
}

export interface ListenerAway extends Omit<Opening, 'open'> {
  readonly why: string;
  /** How long it has been wanted and not open. */
  readonly forMs: number;
}

/** An address that is on its way is taken at once. */
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 1_000;
/** What is away for longer is no address on its way any more: it is told as a trouble, and told again so often. */
const TROUBLE_MS = 5_000;
const TOLD_EVERY_MS = 60_000;
/** Looks that found it gone: a table of the kernel that is read in pieces while it changes may lack a line once. */
const GONE_AFTER = 2;

interface Away {
  readonly sinceMs: number;
  why: string;
  toldAtMs: number;
  isTrouble: boolean;
}

/**
 * One listener, open for as long as it is wanted. What cannot be opened, since the address is not there yet or another one has the port,
 * is tried again, from every 100 ms to every second, later by no more than a tenth of the time that was waited. One that is gone though
 * nobody closed it here is opened again.
 */
export class KeptListener {
  readonly #opening: Opening;
  readonly #log: Log;
  readonly #lookMs: number;
  readonly #next: Alarm;
  #wanted = false;
  #listener: Listener | null = null;
  #away: Away | null = null;
  /** Looks since it was last seen; null: not even when it had just been opened, so this system shows no sockets. */
  #missed: number | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(opening: Opening, log: Log, lookMs: number) {
    this.#opening = opening;
    this.#lookMs = lookMs;
    this.#log = log;
    this.#next = new Alarm(monotonicMs, () => this.#turn());
  }

  get listener(): Listener | null {
    return this.#listener;
  }

  get away(): ListenerAway | null {
    if (this.#away === null) return null;
    const { open: _, ...named } = this.#opening;
    return { ...named, why: this.#away.why, forMs: monotonicMs() - this.#away.sinceMs };
  }

  /** The first time it must work. @throws PortInUseError, ListenError */
  async begin(): Promise<void> {
    await this.#bind();
    this.#wanted = true;
    this.#again(this.#lookMs);
  }

  want(open: boolean): void {
    if (this.#wanted === open) return;
    this.#wanted = open;
    this.#turn();
  }

  async close(): Promise<void> {
    this.want(false);
    await this.#work;
  }

  /** One at a time, and the last word counts: whatever was wanted meanwhile has a turn behind this one. */
  #turn(): void {
    this.#next.clear();
    this.#work = this.#work.then(async () => {
      if (!this.#wanted) return await this.#end();
      if (this.#listener !== null) await this.#look(this.#listener);
      if (this.#listener === null) await this.#open();
    });
  }

  #again(inMs: number): void {
    if (this.#wanted) this.#next.set(monotonicMs() + inMs);
  }

  async #open(): Promise<void> {
    try {
      await this.#bind();
      this.#again(this.#lookMs);
    } catch (error) {
      const { sinceMs } = this.#failed(explain(error));
      this.#again(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, (monotonicMs() - sinceMs) / 10)));
    }
  }

  async #look(listener: Listener): Promise<void> {
    const isThere = listener.isListening?.();
    if (isThere === true) this.#missed = 0;
    if (isThere === false && this.#missed !== null) this.#missed++;
    if ((this.#missed ?? 0) < GONE_AFTER) return this.#again(this.#lookMs);
    await this.#shut(listener);
    this.#failed('it was gone though nobody had closed it here');
  }

  async #end(): Promise<void> {
    this.#away = null;
    if (this.#listener === null) return;
    await this.#shut(this.#listener);
    this.#say('info', 'listener.closed', {});
  }

  async #shut(listener: Listener): Promise<void> {
    this.#listener = null;
    this.#missed = null;
    await listener.close().catch((error: unknown) => this.#say('warn', 'listener.close_failed', { why: explain(error) }));
  }

  async #bind(): Promise<void> {
    const listener = await this.#opening.open();
    this.#missed = listener.isListening?.() === true ? 0 : null;
    const afterMs = Math.round(this.away?.forMs ?? 0);
    this.#listener = listener;
    this.#away = null;
    this.#say('info', 'listener.open', { afterMs });
  }

  /** Said when it begins, as a trouble once it is one, and from then on seldom. */
  #failed(why: string): Away {
    const nowMs = monotonicMs();
    const isNew = this.#away === null;
    const away = (this.#away ??= { sinceMs: nowMs, why, toldAtMs: nowMs, isTrouble: false });
    away.why = why;
    const isTrouble = nowMs - away.sinceMs >= TROUBLE_MS;
    if (isNew) this.#say('info', 'listener.waiting', { why });
    else if (isTrouble && (!away.isTrouble || nowMs - away.toldAtMs >= TOLD_EVERY_MS)) {
      this.#say('error', 'listener.away', { why, forMs: Math.round(nowMs - away.sinceMs) });
      away.toldAtMs = nowMs;
      away.isTrouble = true;
    }
    return away;
  }

  #say(level: 'info' | 'warn' | 'error', event: string, fields: Readonly<Record<string, unknown>>): void {
    const { protocol, address, port, listener } = this.#opening;
    this.#log[level](event, { protocol, address, port, listener, ...fields });
  }
}
