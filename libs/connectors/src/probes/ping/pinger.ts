import { isIP } from 'node:net';
import { type Look, ProbeFailure } from '../look.js';
import { fping, type PingHow, type PingReply } from './fping.js';

export interface PingerOptions {
  readonly program?: string;
  /** So long one waits for others that go with it: a process costs more than a packet. */
  readonly gatherMs?: number;
  /** Of one process. */
  readonly maxHosts?: number;
  readonly maxProcesses?: number;
}

interface Asked {
  readonly address: string;
  resolve(reply: PingReply): void;
  reject(why: ProbeFailure): void;
}

interface Batch {
  readonly family: 4 | 6;
  readonly how: PingHow;
  readonly asked: Map<string, Set<Asked>>;
  /** Nobody waits any more. */
  readonly stop: AbortController;
  timer: NodeJS.Timeout | null;
}

/** Pings many hosts with few processes: those that are asked for within a moment, in the same way, share one. */
export class Pinger {
  readonly #options: Required<PingerOptions>;
  readonly #open = new Map<string, Batch>();
  /** Full, or at the end of their moment; they wait for a place. */
  readonly #ready: Batch[] = [];
  readonly #running = new Map<Batch, Promise<void>>();
  #closed = false;

  constructor(options: PingerOptions = {}) {
    this.#options = { program: 'fping', gatherMs: 400, maxHosts: 1_000, maxProcesses: 8, ...options };
  }

  /** @param address IPv4 or IPv6. @throws ProbeFailure */
  async ping(look: Look, address: string, how: PingHow): Promise<PingReply> {
    if (this.#closed) throw new ProbeFailure('stopped');
    look.doing = `ping of ${address}`;
    const batch = this.#batchOf(isIP(address) === 6 ? 6 : 4, how);
    return await look.wait(
      new Promise<PingReply>((resolve, reject) => {
        const one: Asked = { address, resolve, reject };
        const same = batch.asked.get(address) ?? new Set();
        look.closes(() => {
          same.delete(one);
          if (same.size === 0) batch.asked.delete(address);
          if (batch.asked.size === 0) batch.stop.abort();
        });
        batch.asked.set(address, same.add(one));
        if (batch.asked.size >= this.#options.maxHosts) this.#shut(batch);
      }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    const left = [...this.#open.values(), ...this.#ready.splice(0)];
    this.#open.clear();
    for (const batch of left) {
      if (batch.timer !== null) clearTimeout(batch.timer);
      for (const one of waiting(batch)) one.reject(new ProbeFailure('stopped'));
    }
    for (const batch of this.#running.keys()) batch.stop.abort();
    await Promise.all(this.#running.values());
  }

  #batchOf(family: 4 | 6, how: PingHow): Batch {
    const key = `${family} ${how.count} ${how.pauseMs} ${how.timeoutMs} ${how.bytes}`;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const batch: Batch = { family, how, asked: new Map(), stop: new AbortController(), timer: null };
    batch.timer = setTimeout(() => this.#shut(batch), this.#options.gatherMs);
    this.#open.set(key, batch);
    return batch;
  }

  /** It takes no more hosts. */
  #shut(batch: Batch): void {
    for (const [key, open] of this.#open) if (open === batch) this.#open.delete(key);
    if (batch.timer !== null) clearTimeout(batch.timer);
    batch.timer = null;
    this.#ready.push(batch);
    this.#next();
  }

  #next(): void {
    while (this.#running.size < this.#options.maxProcesses) {
      const batch = this.#ready.shift();
      if (batch === undefined) return;
      if (batch.asked.size === 0) continue;
      const run = this.#run(batch).finally(() => {
        this.#running.delete(batch);
        this.#next();
      });
      this.#running.set(batch, run);
    }
  }

  async #run(batch: Batch): Promise<void> {
    const addresses = [...batch.asked.keys()];
    const end = await fping(this.#options.program, addresses, batch.family, batch.how, batch.stop.signal);
    for (const one of waiting(batch)) {
      const reply = end.kind === 'replies' ? end.of.get(one.address) : undefined;
      if (reply !== undefined) one.resolve(reply);
      else one.reject(new ProbeFailure(end.kind === 'failed' ? end.why : `fping said nothing of ${one.address}`));
    }
  }
}

const waiting = (batch: Batch): readonly Asked[] => [...batch.asked.values()].flatMap((same) => [...same]);
