import type { SecureContext } from 'node:tls';
import type { Log } from '@yosugara/kernel';
import type { FromAgent, ToAgent } from '@yosugara/protocol/agents';
import type { ManagerAddress } from '../identity.js';
import { Connection } from './connection.js';
import { type PaceCode, pauseMs } from './pace.js';
import type { ProxyWay } from './proxy.js';

const MAX_MANAGERS = 16;

export interface LinksOptions {
  readonly context: () => SecureContext;
  /** null = managers are reached without one. */
  readonly proxy: ProxyWay | null;
  readonly hello: () => FromAgent;
  readonly log: Log;
  readonly random: () => number;
  /** How long a manager may leave a hello unanswered; pings are no answer. */
  readonly answerMs?: number;
  readonly onHeard: (link: number, saying: ToAgent) => void;
  readonly onGone: (link: number) => void;
}

interface Door {
  readonly address: ManagerAddress;
  link: number;
  connection: Connection | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  failures: number;
  code: PaceCode | null;
  lastWhy: string;
}

const nameOf = ({ host, port }: ManagerAddress) => `${host}:${port}`;

/** A connection to each manager, always: to the Master, and warm ones to those that may become it. */
export class Links {
  readonly #o: LinksOptions;
  readonly #doors = new Map<string, Door>();
  #nextLink = 1;
  #served: number | null = null;
  #isClosed = false;

  constructor(options: LinksOptions) {
    this.#o = options;
  }

  /** In place of those before; whoever stays keeps its connection. */
  manage(managers: readonly ManagerAddress[]): void {
    const wanted = new Map(managers.slice(0, MAX_MANAGERS).map((each) => [nameOf(each), each]));
    for (const [name, door] of this.#doors)
      if (!wanted.has(name)) {
        this.#doors.delete(name);
        clearTimeout(door.timer);
        door.connection?.close('it is no manager of this cluster any more');
      }
    for (const [name, address] of wanted) {
      if (this.#doors.has(name)) continue;
      const door: Door = { address, link: 0, connection: null, timer: undefined, failures: 0, code: null, lastWhy: '' };
      this.#doors.set(name, door);
      this.#dial(door);
    }
  }

  /** Who is the Master just now; null = nobody. */
  get served(): number | null {
    return this.#served;
  }
  get masterAddress(): string | null {
    const door = [...this.#doors.values()].find(({ link, connection }) => connection !== null && link === this.#served);
    return door === undefined ? null : nameOf(door.address);
  }
  get summary(): readonly { readonly manager: string; readonly state: string; readonly why: string }[] {
    return [...this.#doors.values()].map(({ address, connection, link, lastWhy }) => {
      const state = connection === null ? 'away' : !connection.isOpen ? 'connecting' : link === this.#served ? 'master' : 'warm';
      return { manager: nameOf(address), state, why: state === 'master' ? '' : lastWhy };
    });
  }

  serve(link: number): void {
    const door = this.#doorOf(link);
    if (door === undefined) return;
    this.#served = link;
    door.failures = 0;
    door.code = null;
    door.lastWhy = '';
  }

  say(link: number, saying: FromAgent): boolean {
    return this.#doorOf(link)?.connection?.say(saying) ?? false;
  }
  queuedBytes(link: number): number {
    return this.#doorOf(link)?.connection?.queuedBytes ?? 0;
  }

  drop(link: number, why: string): void {
    this.#doorOf(link)?.connection?.close(why);
  }

  /** All of them anew: with another certificate. */
  redial(why: string): void {
    for (const { connection } of this.#doors.values()) connection?.close(why);
  }

  close(): void {
    this.#isClosed = true;
    for (const { connection, timer } of this.#doors.values()) {
      clearTimeout(timer);
      connection?.close('the agent stops');
    }
  }

  #doorOf(link: number): Door | undefined {
    for (const door of this.#doors.values()) if (door.link === link && door.connection !== null) return door;
    return undefined;
  }

  #dial(door: Door): void {
    if (this.#isClosed) return;
    const link = this.#nextLink++;
    door.link = link;
    door.code = null;
    door.connection = new Connection(
      door.address,
      { context: this.#o.context(), proxy: this.#o.proxy, answerMs: this.#o.answerMs },
      {
        onOpen: () => void door.connection?.say(this.#o.hello()),
        onHeard: (saying) => this.#onHeard(door, link, saying),
        onClose: (why, byProxy) => {
          if (byProxy) door.code = 'proxy';
          this.#onClose(door, link, why);
        },
      },
    );
  }

  #onHeard(door: Door, link: number, saying: ToAgent): void {
    if (saying.say === 'go-away') {
      door.code = saying.code;
      return door.connection?.close(`it sent us away: ${saying.why}`);
    }
    if (saying.say === 'wait') {
      door.lastWhy = saying.why;
      door.failures = 0;
      return;
    }
    this.#o.onHeard(link, saying);
  }

  #onClose(door: Door, link: number, why: string): void {
    door.connection = null;
    const wasMaster = this.#served === link;
    if (wasMaster) this.#served = null;
    if (why !== door.lastWhy) this.#o.log.info('link.ended', { manager: nameOf(door.address), wasMaster, why });
    door.lastWhy = why;
    this.#o.onGone(link);
    if (this.#isClosed || this.#doors.get(nameOf(door.address)) !== door) return;
    this.#again(door, ++door.failures);
    if (!wasMaster) return;
    // The Master is gone: who was tried without hurry is tried at once.
    for (const each of this.#doors.values())
      if (each !== door && each.connection === null && each.code === null) this.#again(each, 1);
  }

  #again(door: Door, failures: number): void {
    clearTimeout(door.timer);
    const facts = { failures, code: door.code, isServed: this.#served !== null, chance: this.#o.random() };
    door.timer = setTimeout(() => this.#dial(door), pauseMs(facts));
  }
}
