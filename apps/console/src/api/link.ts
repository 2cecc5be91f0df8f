import { type SseEvent, SseParser } from '@yosugara/kernel';
import { type Hello, IDLE, type LinkEvent, type LinkState, step } from './reconnect.js';

/** What the driver needs of the world: a test gives its own. */
export interface LinkPorts {
  /** Opens the stream; resolves when the headers are there. */
  readonly open: (query: string, signal: AbortSignal) => Promise<{ status: number; chunks: AsyncIterable<string> }>;
  /** Who answers at our address now; null = nobody. */
  readonly probe: (signal: AbortSignal) => Promise<{ node: string; epoch: number } | null>;
  readonly nowMs: () => number;
  readonly every: (ms: number, run: () => void) => () => void;
}

export interface LinkListener {
  /** After every connect, also the first: the time to fill what was missed. */
  readonly onHello?: (hello: Hello) => void;
  readonly onCluster?: (body: unknown) => void;
  readonly onMessages?: (body: unknown) => void;
  /** Any event of the stream, those above among them. */
  readonly onEvent?: (event: SseEvent, body: unknown) => void;
  /** The manager knows no such filter: from here on the stream has none, and stays alive. */
  readonly onQueryRefused?: () => void;
}

const TICK_MS = 250;

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function helloOf(body: unknown): Hello | null {
  const said = body as Partial<Hello> | null;
  return typeof said?.node === 'string' && typeof said.epoch === 'number'
    ? { node: said.node, epoch: said.epoch, mode: said.mode ?? 'active' }
    : null;
}

/** One live stream for the whole page; it goes on over take-overs until it is stopped. Drives the machine of `reconnect.ts`. */
export class LiveLink {
  readonly #ports: LinkPorts;
  readonly #listeners = new Set<LinkListener>();
  readonly #watchers = new Set<() => void>();
  #state: LinkState = IDLE;
  #query = '';
  #abort: AbortController | null = null;
  #stopTicks: (() => void) | null = null;

  constructor(ports: LinkPorts) {
    this.#ports = ports;
  }

  readonly state = (): LinkState => this.#state;

  /** Called at every change of `state()`. Returns how to stop. */
  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly listen = (listener: LinkListener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    this.#stopTicks ??= this.#ports.every(TICK_MS, () => this.#take({ kind: 'tick' }));
    this.#take({ kind: 'start' });
  }

  stop(): void {
    this.#stopTicks?.();
    this.#stopTicks = null;
    this.#take({ kind: 'stop' });
  }

  nudge(): void {
    this.#take({ kind: 'nudge' });
  }

  /** Filter of the messages wanted, as a query string. A change reconnects, without counting as a loss; returns whether it did. */
  setQuery(query: string): boolean {
    if (query === this.#query) return false;
    this.#query = query;
    this.#take({ kind: 'restart' });
    return true;
  }

  #take(event: LinkEvent): void {
    const before = this.#state;
    const { state, effects } = step(before, event, this.#ports.nowMs());
    this.#state = state;
    for (const effect of effects) {
      if (effect === 'close') this.#close();
      else if (effect === 'open') void this.#open();
      else void this.#probe();
    }
    if (state !== before) for (const watcher of [...this.#watchers]) watcher();
  }

  #close(): void {
    this.#abort?.abort();
    this.#abort = null;
  }

  async #open(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    // Whatever a connection says after it was given up is not heard: the next one may be on another node already.
    const take = (event: LinkEvent) => {
      if (this.#abort === abort) this.#take(event);
    };
    try {
      const { status, chunks } = await this.#ports.open(this.#query, abort.signal);
      if (status === 401) return take({ kind: 'refused' });
      if (status === 400 && this.#query !== '' && this.#abort === abort) return this.#dropQuery();
      if (status !== 200) return take({ kind: 'failed' });
      take({ kind: 'opened' });
      const parser = new SseParser();
      for await (const chunk of chunks) {
        if (this.#abort !== abort) return;
        take({ kind: 'heard' });
        for (const event of parser.push(chunk)) if (this.#abort === abort) this.#dispatch(event, take);
      }
      take({ kind: 'failed' });
    } catch {
      take({ kind: 'failed' });
    }
  }

  /** A mistake in a filter is no loss of the Master. */
  #dropQuery(): void {
    for (const listener of [...this.#listeners]) listener.onQueryRefused?.();
    this.setQuery('');
  }

  #dispatch(event: SseEvent, take: (event: LinkEvent) => void): void {
    const body = parse(event.data);
    if (event.name === 'hello') {
      const hello = helloOf(body);
      if (hello === null) return;
      take({ kind: 'hello', hello });
      for (const listener of [...this.#listeners]) listener.onHello?.(hello);
    }
    if (event.name === 'cluster') for (const listener of [...this.#listeners]) listener.onCluster?.(body);
    for (const listener of [...this.#listeners]) listener.onEvent?.(event, body);
    if (event.name === 'messages') for (const listener of [...this.#listeners]) listener.onMessages?.(body);
  }

  async #probe(): Promise<void> {
    const abort = this.#abort;
    const by = abort === null ? null : await this.#ports.probe(abort.signal).catch(() => null);
    if (abort !== null && this.#abort === abort) this.#take({ kind: 'probed', by });
  }
}
